"""The failed inputs of a job, to be scored by another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from framework.errors import UsageError
from framework.jobs.errors_file import FAILED_INPUTS
from framework.jobs.job import find_job
from framework.jobs.record import open_record
from framework.storage import Store


class FailedInputs(NamedTuple):
    """What another job needs, to score what has failed.

    Attributes:
        path: The list of files: a path or a URL.
        document: The settings that the failing job has as they are stored.
    """

    path: str
    document: Mapping[str, Any]


def failed_inputs(workspace: Store, name: str) -> FailedInputs:
    """The failed inputs of a job that has ended.

    Raises:
        NotFoundError: There is no such job.
        UsageError: It has not ended, or none of its files is known to have failed.
    """
    job = find_job(workspace, name)
    if not job.status.is_final:
        raise UsageError(
            f"retry_errors: job {name} is {job.status}; its failed inputs are not known"
        )
    record = open_record(workspace, name)
    try:
        size = workspace.stat(record.path(FAILED_INPUTS)).size
    except FileNotFoundError:
        size = 0
    if not size:
        failed = job.counts["failed"]
        why = (
            f"none of its {failed:,} failed files is known by name" if failed else "no file failed"
        )
        raise UsageError(f"retry_errors: job {name} has no failed inputs: {why}")
    return FailedInputs(record.url(FAILED_INPUTS), job.document)
