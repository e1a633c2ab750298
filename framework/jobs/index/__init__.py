"""The job index: a copy of what the records say, so that lists of many jobs are fast.

Losing it loses nothing. Names are imported when they are first used, and the database library only
when an index is opened: it costs half a second.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.jobs.index.entries import Entry, read_entry
    from framework.jobs.index.filters import Archived, JobFilter
    from framework.jobs.index.finding import find_jobs, reindex
    from framework.jobs.index.opening import open_index

_HOMES = {
    "Archived": "framework.jobs.index.filters",
    "Entry": "framework.jobs.index.entries",
    "JobFilter": "framework.jobs.index.filters",
    "find_jobs": "framework.jobs.index.finding",
    "open_index": "framework.jobs.index.opening",
    "read_entry": "framework.jobs.index.entries",
    "reindex": "framework.jobs.index.finding",
}

__all__ = [
    "Archived",
    "Entry",
    "JobFilter",
    "find_jobs",
    "open_index",
    "read_entry",
    "reindex",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
