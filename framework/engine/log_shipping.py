"""Shipping the logs of scorer processes from scratch to a store where nobody can append."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

from framework.errors import FrameworkError
from framework.scoring.supervisor import LOG_HEAD
from framework.storage import AppendLog, Store

logger = logging.getLogger(__name__)

SHIP_S = 2.0
_PIECE = 4 << 20


class LogShipper:
    """Sends what is new in the files of a folder every `SHIP_S` seconds, and at the end.

    A log's first quarter is sent as it is written. What comes after that may still be cut, so that
    it is sent at the end. Nothing is done where processes write straight to the logs' own folder.

    Args:
        folder: Where the processes write, on this machine.
        store: The logs' folder.
    """

    def __init__(self, folder: Path, store: Store) -> None:
        self._folder = folder
        self._store = store
        self._logs: dict[str, _ShippedLog] = {}
        self._is_closed = threading.Event()
        self._thread: threading.Thread | None = None
        if store.local_path("") is None:
            self._thread = threading.Thread(target=self._run, name="log-shipping", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Sends the rest, once; nothing writes any more."""
        self._is_closed.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._is_closed.wait(SHIP_S):
            self._ship(is_last=False)
        self._ship(is_last=True)

    def _ship(self, *, is_last: bool) -> None:
        for name in sorted(os.listdir(self._folder)):  # noqa: PTH208  names are all it takes
            if name not in self._logs:
                self._logs[name] = _ShippedLog(self._folder / name, self._store)
            self._logs[name].ship(is_last=is_last)


class _ShippedLog:
    def __init__(self, file: Path, store: Store) -> None:
        self._file = file
        self._store = store
        self._position = 0
        self._log: AppendLog | None = None
        self._is_broken = False

    def ship(self, *, is_last: bool) -> None:
        """Sends what is new; a store that fails costs the job nothing but the log."""
        if self._is_broken:
            return
        try:
            self._send(is_last=is_last)
        except (FrameworkError, OSError) as error:
            logger.warning("the log %s can't be written, and ends: %s", self._file.name, error)
            self._is_broken = True

    def _send(self, *, is_last: bool) -> None:
        with self._file.open("rb") as file:
            file.seek(self._position)
            while data := file.read(_PIECE if is_last else self._room):
                if self._log is None:
                    self._log = self._store.append_log(self._file.name)
                self._log.append(data)
                self._log.sync()
                self._position += len(data)
        if is_last and self._log is not None:
            self._log.close()

    @property
    def _room(self) -> int:
        return max(0, min(_PIECE, LOG_HEAD - self._position))
