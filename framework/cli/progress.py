"""What people see of a running job: the choice of how, and plain lines."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Protocol

from framework.cli.pace import Pace
from framework.cli.streams import say, visible
from framework.domain import phrases
from framework.domain.outcomes import Counts
from framework.domain.states import JobStatus

_EVERY_S = 10.0
_SAME_EVERY_S = 60.0
_LEAST_S = 1.0
_EVERY_PERCENT = 10


class Progress(Protocol):
    """A job's observer that has a place on the screen."""

    def on_status(self, status: JobStatus) -> None:
        """The job has a new status."""

    def on_progress(
        self, counts: Counts, files_total: int | None, processes_ready: int, processes: int
    ) -> None:
        """Files have been scored, or processes have loaded the model."""

    def on_notice(self, text: str) -> None:
        """Something that people should know."""

    def close(self) -> None:
        """Leaves the screen to what comes next."""


class QuietProgress:
    """Nothing but notices, for `--no-progress`."""

    def on_status(self, status: JobStatus) -> None:
        """Not shown."""

    def on_progress(
        self, counts: Counts, files_total: int | None, processes_ready: int, processes: int
    ) -> None:
        """Not shown."""

    def on_notice(self, text: str) -> None:
        """Says it."""
        say(visible(text))

    def close(self) -> None:
        """Nothing was on the screen."""


class LineProgress(QuietProgress):
    """Plain lines for logs: one at each status, and then every ten seconds or ten percent."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pace = Pace()
        self._status = JobStatus.NOT_STARTED
        self._said_at = clock()
        self._said_tenth = 0
        self._said = ""

    def on_status(self, status: JobStatus) -> None:
        """Says it."""
        self._status = status
        self._said_at = self._clock()
        if not status.is_final:  # the summary says it
            say(str(status))

    def on_progress(
        self, counts: Counts, files_total: int | None, processes_ready: int, processes: int
    ) -> None:
        """Says how far the job is, if that has changed enough or long ago."""
        now, done = self._clock(), counts.succeeded + counts.failed
        tenth = _EVERY_PERCENT * done // files_total if files_total else 0
        if self._status is JobStatus.RUNNING:
            self._pace.observe(now, done)
        silent_s = now - self._said_at
        if silent_s >= _EVERY_S or (tenth > self._said_tenth and silent_s >= _LEAST_S):
            words = self._words(counts, files_total, processes_ready, processes)
            if words != self._said or silent_s >= _SAME_EVERY_S:
                self._said_at, self._said_tenth, self._said = now, tenth, words
                say(f"{self._status} {words}")

    def _words(
        self, counts: Counts, files_total: int | None, processes_ready: int, processes: int
    ) -> str:
        if is_loading(counts, processes_ready, processes):
            return loading(processes_ready, processes)
        return ", ".join(progress_words(counts, files_total, self._pace))


def progress_words(counts: Counts, files_total: int | None, pace: Pace) -> list[str]:
    """How far the job is, the most important first."""
    words = [phrases.of_files(counts, files_total)]
    if counts.failed:
        words.append(f"{counts.failed:,} failed")
    if pace.rate is not None:
        words.append(phrases.rate(pace.rate))
    seconds = pace.seconds_left(files_total)
    if seconds is not None:
        words.append(f"{phrases.duration(seconds)} left")
    return words


def is_loading(counts: Counts, processes_ready: int, processes: int) -> bool:
    """Whether nothing has been scored because the model is still being loaded."""
    return processes_ready < processes and not counts.succeeded + counts.failed


def loading(processes_ready: int, processes: int) -> str:
    """What a job does while it prepares."""
    return f"loading model: {processes_ready}/{processes} processes ready"


def choose_progress(*, is_wanted: bool) -> Progress:
    """A bar on a terminal, lines elsewhere, nothing where none is wanted."""
    if not is_wanted:
        return QuietProgress()
    if sys.stderr.isatty() and os.environ.get("TERM") not in {"dumb", "unknown", None}:
        from framework.cli.terminal_progress import TerminalProgress

        return TerminalProgress()
    return LineProgress()
