"""A local file that only grows."""

from __future__ import annotations

import os

from framework.errors import StorageError
from framework.storage import durable
from framework.storage.contract import AppendLog
from framework.storage.os_errors import explain, shown


class LocalAppendLog(AppendLog):
    """Appends to one file, which has one writer.

    An append that fails half-way is taken back, so that the next one does not continue a torn
    line. After a failed `sync` the log is of no more use: the system may have dropped what was
    appended, and would claim at a second try that all is well.

    Args:
        path: The file's full path; made if it isn't there.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._failure = ""
        self._unsynced = False
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o666)
        durable.sync_folder(os.path.dirname(path))

    def append(self, data: bytes) -> None:
        """Adds bytes; they may be lost until `sync`."""
        self._check()
        size = os.fstat(self._descriptor).st_size
        try:
            durable.write_all(self._descriptor, data)
        except OSError as error:
            self._take_back(size)
            raise StorageError(explain(error, "writing", self._path)) from error
        self._unsynced = True

    def sync(self) -> None:
        """Makes all that was appended durable."""
        self._check()
        if not self._unsynced:
            return
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            self._failure = explain(error, "syncing", self._path)
            raise StorageError(self._failure) from error
        self._unsynced = False

    def close(self) -> None:
        """Syncs and closes."""
        if self._descriptor < 0:
            return
        try:
            if not self._failure:
                self.sync()
        finally:
            os.close(self._descriptor)
            self._descriptor = -1

    def _take_back(self, size: int) -> None:
        try:
            os.ftruncate(self._descriptor, size)
        except OSError as error:
            self._failure = explain(error, "taking back a torn write to", self._path)

    def _check(self) -> None:
        if self._descriptor < 0:
            raise StorageError(f"the log {shown(self._path)} is closed")
        if self._failure:
            raise StorageError(self._failure)
