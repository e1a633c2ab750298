"""Who watches a job while it runs: its observer, its record, and plugins."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from framework.domain.outcomes import Counts
from framework.domain.states import JobStatus
from framework.errors import FrameworkError
from framework.jobs.clock import now
from framework.jobs.driver_log import ERROR, NOTICE, STATUS, TRACEBACK, DriverLog
from framework.jobs.index.feed import IndexFeed
from framework.jobs.pace import pace_of
from framework.jobs.record import JobRecord
from framework.plugin.plugins import Plugins

logger = logging.getLogger(__name__)

_PROGRESS_S = 0.25


class Observer(Protocol):
    """Watches a job; called from the job's threads."""

    def on_status(self, status: JobStatus) -> None:
        """The job has taken a status."""

    def on_progress(
        self, counts: Counts, files_total: int | None, processes_ready: int, processes: int
    ) -> None:
        """Several times a second; `files_total` is `None` while the listing goes on."""

    def on_notice(self, text: str) -> None:
        """Something that people should know."""


class SilentObserver:
    """Watches nothing."""

    def on_status(self, status: JobStatus) -> None:
        """Ignored."""

    def on_progress(
        self, counts: Counts, files_total: int | None, processes_ready: int, processes: int
    ) -> None:
        """Ignored."""

    def on_notice(self, text: str) -> None:
        """Ignored."""


class Reporter:
    """Says how a job is doing: to its observer, to plugins, and durably in its record.

    A heartbeat every few seconds (`Pace.heartbeat_s`) tells other terminals that the driver is
    alive.

    Args:
        record: The job's.
        epoch: The driver's number.
        observer: Who asked for the job.
        plugins: Those that observe jobs.
        summary: What is known of the job from the start.
        feed: Keeps the job's row in the index.
    """

    def __init__(
        self,
        record: JobRecord,
        epoch: int,
        observer: Observer,
        plugins: Plugins,
        summary: Mapping[str, Any],
        feed: IndexFeed | None = None,
    ) -> None:
        self._record = record
        self._epoch = epoch
        self._observer = observer
        self._plugins = plugins
        self._summary = dict(summary)
        self._log = DriverLog(record)
        self._feed = feed
        self._lock = threading.RLock()
        self._turn = threading.RLock()
        self._on_beat: Callable[[], None] | None = None
        self._stop = threading.Event()
        self._counts = Counts()
        self._total: int | None = None
        self._processes = (0, 0)
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def start(self, on_beat: Callable[[], None] | None = None) -> None:
        """Begins the heartbeat.

        Args:
            on_beat: Called several times a second, in the heartbeat's thread.
        """
        self._on_beat = on_beat
        self._thread.start()
        if self._feed is not None:
            self._feed.start()

    def close(self) -> None:
        """Ends the heartbeat, with a last word."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._write()
        self._log.close()
        if self._feed is not None:
            self._feed.close()

    def status(self, status: JobStatus, error: FrameworkError | None = None) -> None:
        """The job has taken a status; durable before anyone is told, and told in this order.

        One that has ended takes none any more, and one that shall stop only a final one.
        """
        with self._turn:
            if not self._may_take(status):
                return
            self._note_status(status, error)
            self._write(is_status=True)
            self._tell(lambda observer: observer.on_status(status))
            self._plugins.notify_status(self._record.name, status)

    def _may_take(self, status: JobStatus) -> bool:
        current = JobStatus(self._summary["status"])
        if current == JobStatus.CANCEL_REQUESTED:
            return status.is_final
        return not current.is_final

    def _note_status(self, status: JobStatus, error: FrameworkError | None) -> None:
        self._log.add(STATUS, status)
        if error is not None and error.user_traceback:
            self._log.add(TRACEBACK, error.user_traceback.rstrip("\n"))
        if error is not None:
            self._log.add(ERROR, str(error))
        with self._lock:
            self._summary["status"] = status
            if status == JobStatus.RUNNING:
                self._summary["started_at"] = self._summary.get("started_at") or now()
            if status.is_final:
                self._summary["ended_at"] = now()
                self._summary["error"] = str(error) if error else None
                self._summary["error_kind"] = type(error).__name__ if error else None

    def progress(self, counts: Counts, total: int | None) -> None:
        """Takes new counts."""
        with self._lock:
            self._counts, self._total = replace(counts), total

    def processes(self, ready: int, wanted: int) -> None:
        """Takes how many scorer processes have loaded their model."""
        with self._lock:
            self._processes = (ready, wanted)

    def notice(self, text: str) -> None:
        """Tells the observer something that people should know."""
        self._log.add(NOTICE, text)
        self._tell(lambda observer: observer.on_notice(text))

    def note(self, key: str, value: Any) -> None:
        """Changes one key of the summary."""
        with self._lock:
            self._summary[key] = value

    def tell_progress(self) -> None:
        """Tells the observer the latest counts."""
        with self._lock:
            state = (self._counts, self._total, *self._processes)
        self._tell(lambda observer: observer.on_progress(*state))

    def _tell(self, tell: Callable[[Observer], None]) -> None:
        try:
            tell(self._observer)
        except Exception:  # an observer must not end a job, nor its heartbeat
            logger.exception("the job's observer failed; it is told nothing more")
            self._observer = SilentObserver()

    def _beat(self) -> None:
        beats_each = round(pace_of(self._record.workspace).heartbeat_s / _PROGRESS_S)
        beats = 0
        while not self._stop.wait(_PROGRESS_S):
            self.tell_progress()
            if self._on_beat is not None:
                self._on_beat()
            beats += 1
            if beats % beats_each == 0:
                self._write()
        self.tell_progress()

    def _write(self, *, is_status: bool = False) -> None:
        with self._lock:
            ready, processes = self._processes
            summary = {
                **self._summary,
                "counts": shown_counts(self._counts),
                "progress": {"files": self._total, "ready": ready, "processes": processes},
                "updated_at": now(),
            }
            try:
                self._record.write_summary(self._epoch, summary)
            except FrameworkError as error:  # the ledger is the truth; this is how it is shown
                logger.warning("the job's summary could not be written: %s", error)
        self._log.flush()
        if self._feed is not None:
            self._feed.changed(is_status=is_status)


def shown_counts(counts: Counts) -> dict[str, int]:
    """The counts that people see."""
    return {
        "files": counts.files,
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "rows": counts.rows,
        "tries": counts.tries,
    }
