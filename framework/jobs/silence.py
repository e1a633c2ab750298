"""Whether a driver that is not heard of is really dead."""

from __future__ import annotations

from framework.domain.states import JobStatus
from framework.jobs.journal import is_gone
from framework.jobs.record import JobRecord


def is_only_silent(record: JobRecord) -> bool:
    """Whether the newest driver has not said how the job ended, and may still be alive.

    Where this machine slept, its driver on it has not spoken for long, but is about to.
    """
    epoch = record.epoch
    status = record.read_summary(epoch).get("status", JobStatus.NOT_STARTED)
    if JobStatus(status).is_final:
        return False
    return not is_gone(record.claim(epoch) if epoch else record.identity()["creator"])
