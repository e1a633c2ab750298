"""What has changed since a job began, found out when it is resumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from framework.domain.files import InputFile
from framework.domain.mini_batches import MiniBatchPlanner
from framework.errors import FrameworkError
from framework.jobs.journal import INPUTS, read_log
from framework.jobs.ledger import DoneSet, read_receipts
from framework.jobs.record import JobRecord
from framework.settings import Settings
from framework.storage import Store, open_store

_LOOKED_AT = 10_000
_LOOKED_AT_REMOTELY = 20
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is different when a job is resumed.

    Attributes:
        lines: All of it, a line each, for the record.
        notices: What people are told.
        accepted: Keys of the job's identity with new values, which hold for later drivers too.
    """

    lines: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    accepted: Mapping[str, Any] = field(default_factory=dict)


NO_CHANGES = Changes()


def changed_inputs(record: JobRecord, root: str, settings: Settings) -> str:
    """The inputs without an outcome that are not what was listed any more; empty if none is.

    The first ones are looked at: all of them would cost as much as listing them again. Of the
    others, those that are fetched are compared when they are.

    Args:
        record: The job's.
        root: The input's.
        settings: The job's.
    """
    try:
        store = open_store(root, settings.storage_options)
        is_here = store.local_path("") is not None
        waiting = _waiting(record, settings)
        most = _LOOKED_AT if is_here else _LOOKED_AT_REMOTELY
        found = [
            change
            for file, _ in zip(waiting, range(most), strict=False)
            if (change := _change(store, file))
        ]
    except FrameworkError:  # a store that can't be reached is told by the job, with its reason
        return ""
    return f"input: {some(found)}" if found else ""


def some(items: Sequence[str]) -> str:
    """The first few of many."""
    more = f", and {len(items) - _NAMED:,} more" if len(items) > _NAMED else ""
    return ", ".join(items[:_NAMED]) + more


def _waiting(record: JobRecord, settings: Settings) -> Iterator[InputFile]:
    """The listed files of mini-batches that have no outcome."""
    done = DoneSet()
    for receipt in read_receipts(record):
        for outcome in receipt.outcomes:
            done.add(outcome.index)
    planner = MiniBatchPlanner(
        max_files=settings.mini_batch_size, max_bytes=settings.mini_batch_bytes
    )
    for entry in read_log(record, INPUTS):
        if isinstance(entry, dict):
            continue
        batch = planner.add(InputFile(*entry))
        if batch is not None and batch.index not in done:
            yield from batch.files
    last = planner.close()
    if last is not None and last.index not in done:
        yield from last.files


def _change(store: Store, file: InputFile) -> str:
    try:
        by_now = store.stat(file.path)
    except FileNotFoundError:
        return f"{file.path} is gone"
    if by_now.size != file.size:
        return f"{file.path} had {file.size:,} bytes and has {by_now.size:,}"
    is_same = not file.etag or not by_now.etag or by_now.etag == file.etag
    return "" if is_same else f"{file.path} has changed"
