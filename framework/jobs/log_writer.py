"""Writing one of the logs in a job's record; no job fails for its log."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from framework.errors import FrameworkError
from framework.jobs.record import JobRecord
from framework.storage import AppendLog

logger = logging.getLogger(__name__)

FLUSH_S = 2.0
_MOST_WAITING = 1 << 20


class LogWriter:
    """Appends to `logs/<name>` in a record.

    On a disk each line is there at once. On a store of objects, where each addition is an object of
    its own, lines wait up to `FLUSH_S` seconds for others.

    Args:
        record: The job's.
        name: The log's.
        clock: In seconds, steady.
    """

    def __init__(
        self, record: JobRecord, name: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._workspace = record.workspace
        self._path = record.path("logs", name)
        self._local = self._workspace.local_path(self._path)
        self._clock = clock
        self._lock = threading.Lock()
        self._log: AppendLog | None = None
        self._waiting = bytearray()
        self._flushed_at = 0.0
        self._is_broken = False

    def add(self, data: bytes) -> None:
        """Adds whole lines, from any thread."""
        with self._lock:
            if self._local is not None:
                self._attempt(partial(_append, self._local, data))
            elif len(self._waiting) + len(data) <= _MOST_WAITING:
                self._waiting += data
        self.flush(is_due=False)

    def flush(self, *, is_due: bool = True) -> None:
        """Sends what waits.

        Args:
            is_due: Whether at once; else only what has waited for long enough.
        """
        with self._lock:
            if self._waiting and (is_due or self._clock() - self._flushed_at >= FLUSH_S):
                self._attempt(self._send)
                self._flushed_at = self._clock()

    def close(self) -> None:
        """Sends what waits, and closes the log."""
        self.flush()
        with self._lock:
            if self._log is not None:
                self._attempt(self._log.close)
                self._log = None

    def _send(self) -> None:
        if self._log is None:
            self._log = self._workspace.append_log(self._path)
        self._log.append(bytes(self._waiting))
        self._waiting.clear()
        self._log.sync()

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except (OSError, FrameworkError) as error:
            if not self._is_broken:
                logger.warning("the log %s can't be written: %s", self._path, error)
            self._is_broken = True


def _append(path: Path, data: bytes) -> None:
    """Opens the file for each line: another process may clear the folder, or write there too."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)
