"""A job as lists show it, read from its record: the record is the truth, the index a copy."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from framework.domain.states import JobStatus
from framework.errors import StorageError
from framework.jobs.archiving import is_archived
from framework.jobs.job import Job
from framework.jobs.record import SUMMARIES, JobRecord

_WATCHED = ("", "/epochs", f"/{SUMMARIES}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What lists know of a job.

    Attributes:
        name: The job's.
        stamp: What changes when the record does: see `stamp_of`.
        summary: As `job show` prints it.
        tags: The job's.
        is_archived: Whether it is left out of lists.
        updated_at: When its driver was last heard of.
        epoch: The newest driver's number; 0 before the first one.
    """

    name: str
    stamp: str
    summary: Mapping[str, Any]
    tags: Mapping[str, str]
    is_archived: bool
    updated_at: str | None
    epoch: int

    @property
    def status(self) -> JobStatus:
        """Where the job stood when its record was read."""
        return JobStatus(self.summary["status"])


def stamp_of(record: JobRecord) -> str:
    """What changes when a record does: when its folders last had a file added, replaced or removed.

    Three looks at the disk instead of reading four files: with many jobs that is what a list costs.
    On a store of objects, where folders have no times, the last words of its drivers.
    """
    folder = record.workspace.local_path(record.path())
    if folder is None:
        return _stamp_of_objects(record)
    return "-".join(_changed_at(f"{folder}{each}") for each in _WATCHED)


def _stamp_of_objects(record: JobRecord) -> str:
    words = [f"{file.path}:{file.etag}" for file in record.workspace.walk(record.path(SUMMARIES))]
    words += record.workspace.names(record.path())
    return hashlib.sha256("\n".join(words).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _changed_at(folder: str) -> str:
    try:
        return f"{os.stat(folder).st_mtime_ns:x}"  # noqa: PTH116  ten thousand of them
    except OSError:
        return ""


def read_entry(record: JobRecord) -> Entry:
    """A job as its record has it at this moment; one whose driver died is Failed.

    Raises:
        NotFoundError: There is no such job.
        StorageError: The record is damaged.
    """
    stamp = stamp_of(record)  # before all else: what comes later is seen as a change
    try:
        identity = record.identity()
        epoch = record.epoch
        return Entry(
            name=record.name,
            stamp=stamp,
            summary=Job(record).summary(),
            tags=identity["document"].get("tags") or {},
            is_archived=is_archived(record),
            updated_at=record.read_summary(epoch).get("updated_at"),
            epoch=epoch,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StorageError(f"job {record.name}: its record is damaged: {error!r}") from error
