"""Archived jobs: kept whole, and left out of lists. The mark is a file in the job's record."""

from __future__ import annotations

import json

from framework.jobs.clock import now
from framework.jobs.record import JobRecord

_MARK = "archived.json"


def is_archived(record: JobRecord) -> bool:
    """Whether a job is left out of lists."""
    return record.workspace.exists(record.path(_MARK))


def archive(record: JobRecord) -> None:
    """Leaves a job out of lists; one that is archived already stays so.

    Raises:
        NotFoundError: There is no such job.
    """
    record.identity()
    if not is_archived(record):
        record.workspace.write(record.path(_MARK), json.dumps({"archived_at": now()}).encode())


def restore(record: JobRecord) -> None:
    """Brings an archived job back into lists; one that is there already stays so.

    Raises:
        NotFoundError: There is no such job.
    """
    record.identity()
    record.workspace.delete(record.path(_MARK))
