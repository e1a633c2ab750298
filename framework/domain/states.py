"""The states of a job, and which may follow which."""

from __future__ import annotations

from enum import StrEnum


class JobStatus(StrEnum):
    """Azure ML's words for where a job stands."""

    NOT_STARTED = "NotStarted"
    QUEUED = "Queued"
    PREPARING = "Preparing"
    RUNNING = "Running"
    FINALIZING = "Finalizing"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCEL_REQUESTED = "CancelRequested"
    CANCELED = "Canceled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the job by itself."""
        return self in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELED}

    @property
    def is_resumable(self) -> bool:
        """Whether `job resume` continues it."""
        return self in {JobStatus.FAILED, JobStatus.CANCELED}
