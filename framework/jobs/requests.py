"""Requests to the driver of a job, from other processes: files that its heartbeat looks for.

A request addresses one driver by its epoch, so that it never reaches the driver of a later resume.
"""

from __future__ import annotations

import json

from framework.jobs.clock import now
from framework.jobs.journal import this_process
from framework.jobs.record import JobRecord

_REQUESTS = "requests"


def request_cancel(record: JobRecord, epoch: int) -> None:
    """Asks the driver of an epoch to stop; once more does no harm.

    Args:
        record: The job's.
        epoch: The driver's number; 0 for the one that is about to claim a new job.
    """
    request = {**this_process(), "requested_at": now()}
    path = _path(record, epoch)
    try:
        record.workspace.create(path, json.dumps(request).encode())
    except FileExistsError:
        return


def is_cancel_requested(record: JobRecord, epoch: int) -> bool:
    """Whether somebody has asked the driver of an epoch to stop.

    The job's first driver also hears what was asked before it claimed the job, unless its creator
    died and the driver is that of a resume.
    """
    if record.workspace.exists(_path(record, epoch)):
        return True
    if epoch != 1 or not record.workspace.exists(_path(record, 0)):
        return False
    creator, claim = record.identity()["creator"], record.claim(epoch)
    return all(creator[key] == claim[key] for key in ("host", "pid", "born"))


def _path(record: JobRecord, epoch: int) -> str:
    return record.path(_REQUESTS, f"cancel-{epoch:06d}.json")
