"""Running a job before people's eyes, from its beginning to the exit code."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from framework.cli.commands import job_command, retry_command
from framework.cli.failures import INTERRUPTED, say_failure
from framework.cli.interrupts import Interrupts, interrupts
from framework.cli.progress import Progress, choose_progress
from framework.cli.streams import result_only, say, visible
from framework.cli.summary import summary_lines
from framework.domain.states import JobStatus
from framework.errors import (
    EnvironmentBuildError,
    ErrorThresholdExceededError,
    FrameworkError,
    NothingSucceededError,
    OutputExistsError,
    ScorerInitError,
)
from framework.jobs.record import ERRORS

if TYPE_CHECKING:
    from framework.api import Begin
    from framework.jobs import Job

_FAILED = 1
_LOOK_S = 1.0
# A job makes millions of small tuples, none of them in cycles: looking for cycles as often as
# Python does by default costs a tenth of the driver's time.
COLLECT_EVERY = 50_000


def follow(begin: Begin, *, shows_progress: bool, where: Sequence[str]) -> Job:
    """Begins a job, shows how it goes and says how it ended; Ctrl-C stops it.

    Args:
        begin: Begins it in a thread of its own.
        shows_progress: Whether more is said than warnings and errors.
        where: The options by which another command finds the job, such as `--conf`.
    """
    began = time.monotonic()
    gc.set_threshold(COLLECT_EVERY)
    with interrupts() as asked, result_only():
        with closing(choose_progress(is_wanted=shows_progress)) as progress:
            job = begin(progress)
            if shows_progress:
                progress.on_notice(f"job {job.name}")
            asked.on_first(lambda: _stop(job, progress))
            _await(job, progress, asked)
        job.error = job.failure()
        say_end(job, time.monotonic() - began, shows_progress, where)
    return job


def _await(job: Job, progress: Progress, asked: Interrupts) -> None:
    """Waits for the job's end; one that another process runs is looked at every second."""
    job.wait()
    status = None
    while not job.status.is_final:
        if status is not job.status:
            status = job.status
            progress.on_status(status)
        progress.on_progress(*job.progress)
        if asked.wait(_LOOK_S):
            raise KeyboardInterrupt


def exit_code(job: Job) -> int:
    """What the command line exits with after a job."""
    if job.status is JobStatus.COMPLETED:
        return 0
    if job.status is JobStatus.CANCELED:
        return INTERRUPTED
    return _FAILED if job.error is None else job.error.exit_code


def _way_on(error: FrameworkError | None, resume: str) -> str:
    """What helps: a resumed job runs the code that it began with, and scores no outcome again."""
    if isinstance(error, (ScorerInitError, NothingSucceededError)):
        return "to go on: repair the script, the model or the input, and start a new job"
    if isinstance(error, EnvironmentBuildError):
        return f"to try again: {resume}; to do without it: {resume} environment=current"
    if isinstance(error, OutputExistsError):
        return f"to write its rows elsewhere: {resume} output.path=elsewhere/"
    if isinstance(error, ErrorThresholdExceededError):
        return f"to go on in spite of the failed files: {resume} error_threshold=-1"
    return f"to resume: {resume}"


def _stop(job: Job, progress: Progress) -> None:
    if job.runs_here:
        job.cancel()
        progress.on_notice("stopping; press Ctrl-C again to stop at once")
    else:
        progress.on_notice(f"job {job.name} goes on: another process runs it")


def say_end(job: Job, seconds: float, shows_all: bool, where: Sequence[str]) -> None:
    """Says how a job has ended, and what can be done about it.

    Args:
        job: It has ended.
        seconds: How long it ran.
        shows_all: Whether to say so of a good one.
        where: The options by which another command finds it.
    """
    summary = job.summary()
    is_worth_it = job.status is not JobStatus.COMPLETED or summary["counts"]["failed"]
    if shows_all or is_worth_it:
        way_on = _way_on(job.error, job_command("resume", job.name, where))
        again = retry_command(job.name, where)
        for line in summary_lines(
            summary,
            errors=f"{job.folder}/{ERRORS}",
            failures=job.failures(),
            seconds=seconds,
            way_on=way_on,
            again=again,
        ):
            say(visible(line))
    if job.error is not None and job.status is not JobStatus.CANCELED:
        say_failure(job.error)
