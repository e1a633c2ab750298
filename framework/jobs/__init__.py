"""Jobs: from settings to one output, start to end.

Names are imported when they are first used: looking at jobs must not load what runs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.jobs.job import Job, find_job
    from framework.jobs.observing import Observer, SilentObserver
    from framework.jobs.prepared import Plan, PreparedJob
    from framework.jobs.resuming import Wish, resume
    from framework.jobs.starting import prepare, start

_HOMES = {
    "Job": "framework.jobs.job",
    "Observer": "framework.jobs.observing",
    "Plan": "framework.jobs.prepared",
    "PreparedJob": "framework.jobs.prepared",
    "SilentObserver": "framework.jobs.observing",
    "Wish": "framework.jobs.resuming",
    "find_job": "framework.jobs.job",
    "prepare": "framework.jobs.starting",
    "resume": "framework.jobs.resuming",
    "start": "framework.jobs.starting",
}

__all__ = [
    "Job",
    "Observer",
    "Plan",
    "PreparedJob",
    "SilentObserver",
    "Wish",
    "find_job",
    "prepare",
    "resume",
    "start",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
