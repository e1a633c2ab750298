"""Following a job that another process drives: its status, its progress and its logs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from framework.cli.commands import job_command
from framework.cli.following import say_end
from framework.cli.interrupts import Interrupts, interrupts
from framework.cli.log_lines import shown, spoken
from framework.cli.progress import Progress, choose_progress
from framework.cli.streams import result_only, say, visible
from framework.domain.states import JobStatus
from framework.jobs.clock import now, parse
from framework.jobs.logs import JobLogs, Line
from framework.jobs.pace import pace_of
from framework.jobs.silence import is_only_silent

if TYPE_CHECKING:
    from framework.jobs import Job
    from framework.jobs.record import JobRecord

_LAST_LINES = 20
_LONGEST_LINE = 4096
_SPEAKS_WITHIN_S = 3.0


def stream(job: Job, record: JobRecord, *, shows_progress: bool, where: Sequence[str]) -> bool:
    """Shows how a job goes on, to its end; Ctrl-C ends only the showing.

    Args:
        job: The job.
        record: Its record.
        shows_progress: Whether more is said than the logs' lines.
        where: The options by which another command finds the job.

    Returns:
        Whether the job has ended.

    Raises:
        NotFoundError: Its record was removed meanwhile.
    """
    with interrupts() as asked, result_only():
        with closing(choose_progress(is_wanted=shows_progress)) as progress:
            if shows_progress:
                progress.on_notice(f"job {job.name}")
            has_ended = _Stream(job, record, progress).run(asked)
        if has_ended:
            job.error = job.failure()
            say_end(job, _seconds(job, record), shows_progress, where)
        else:
            say(visible(f"no longer followed: job {job.name} goes on, it is {job.status}"))
            say(visible(f"to cancel it: {job_command('cancel', job.name, where)}"))
    return has_ended


class _Stream:
    def __init__(self, job: Job, record: JobRecord, progress: Progress) -> None:
        self._job = job
        self._record = record
        self._progress = progress
        self._look_s = pace_of(record.workspace).look_s
        self._logs = JobLogs(record, last=_LAST_LINES, longest=_LONGEST_LINE)
        self._status: JobStatus | None = None
        self._silent_since: float | None = None

    def run(self, asked: Interrupts) -> bool:
        """Looks until the job has ended, or somebody asks to stop."""
        while True:
            has_ended = self._look()  # before its logs: then they are whole
            self._say(self._logs.read())
            if has_ended:
                break
            if asked.wait(0.0 if self._logs.is_behind else self._look_s):
                return False
        while self._logs.is_behind:
            self._say(self._logs.read())
            if asked.wait(0.0):
                return True
        self._say(self._logs.rest())
        return True

    def _look(self) -> bool:
        """Shows the status and the progress; says whether the job has ended."""
        status = self._job.status
        if status.is_final:
            return self._has_surely_ended()
        self._silent_since = None
        if status is not self._status:
            self._status = status
            self._progress.on_status(status)
        self._progress.on_progress(*self._job.progress)
        return False

    def _has_surely_ended(self) -> bool:
        """Gives a silent driver time to speak: this machine may have slept, and it, too."""
        if not is_only_silent(self._record):
            return True
        self._silent_since = self._silent_since or time.monotonic()
        return time.monotonic() - self._silent_since > _SPEAKS_WITHIN_S

    def _say(self, lines: Iterable[Line]) -> None:
        """Shows lines together: one by one, a terminal would not keep up with a chatty script."""
        words = filter(None, map(spoken, lines))
        texts = [shown(line) for line in words]
        if texts:
            self._progress.on_notice("\n".join(texts))


def _seconds(job: Job, record: JobRecord) -> float:
    """How long its last driver has driven it."""
    summary, epoch = job.summary(), record.epoch
    begin = record.claim(epoch)["started_at"] if epoch else summary["created_at"]
    return (parse(summary["ended_at"] or now()) - parse(begin)).total_seconds()
