"""Jobs: from settings to one output, start to end."""

from __future__ import annotations

from framework.jobs.job import Job, find_job, list_jobs
from framework.jobs.observing import Observer, SilentObserver
from framework.jobs.starting import Plan, PreparedJob, prepare, resume, start

__all__ = [
    "Job",
    "Observer",
    "Plan",
    "PreparedJob",
    "SilentObserver",
    "find_job",
    "list_jobs",
    "prepare",
    "resume",
    "start",
]
