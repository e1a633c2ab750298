"""Logs on a store of objects: a folder with numbered pieces, each created exclusively by `sync`."""

from __future__ import annotations

import io
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from framework.errors import StorageError
from framework.storage.contract import AppendLog
from framework.storage.objects.service import Listed, ObjectService
from framework.storage.os_errors import shown

_DIGITS = 8
_AHEAD = 8


def pieces_of(objects: ObjectService, folder: str, after: int = 0) -> Iterator[Listed]:
    """A log's pieces in order, from the one after a number up to the first gap.

    Nobody has ever appended after a gap: what comes then is a rest of what was deleted.
    """
    start = f"{folder}/{after:0{_DIGITS}d}" if after else ""
    number = after + 1
    for page in objects.pages(f"{folder}/", after=start):
        for each in page:
            if each.key > start and each.key.rpartition("/")[2].isdecimal():
                if each.key != f"{folder}/{number:0{_DIGITS}d}":
                    return
                number += 1
                yield each


class ObjectLog(AppendLog):
    """Appends to a log that has one writer.

    A log that begins anew writes an empty first piece, so that it is there from then on.

    Args:
        objects: The service.
        folder: The log's key, that its pieces lie below.
        url: The log, as messages name it.
    """

    def __init__(self, objects: ObjectService, folder: str, *, url: str) -> None:
        self._objects = objects
        self._folder = folder
        self._url = url
        self._buffer: list[bytes] = []
        self._is_open = True
        self._number = sum(1 for _ in pieces_of(objects, folder))
        if not self._number:
            self._write(b"")

    def append(self, data: bytes) -> None:
        """Adds bytes; they may be lost until `sync`."""
        self._check()
        self._buffer.append(data)

    def sync(self) -> None:
        """Creates the next piece of all that was appended."""
        self._check()
        data = b"".join(self._buffer)
        if data:
            self._write(data)
            self._buffer.clear()

    def close(self) -> None:
        """Syncs and closes."""
        if self._is_open:
            try:
                self.sync()
            finally:
                self._is_open = False

    def _write(self, data: bytes) -> None:
        key = f"{self._folder}/{self._number + 1:0{_DIGITS}d}"
        try:
            self._objects.create(key, data, os.urandom(8).hex())
        except FileExistsError:
            raise StorageError(f"another process has written to the log {self._url}") from None
        self._number += 1

    def _check(self) -> None:
        if not self._is_open:
            raise StorageError(f"the log {shown(self._url)} is closed")


class LogReader(io.RawIOBase):
    """A log's bytes; the pieces that are known are fetched ahead, several at once.

    At the end, the next read looks whether more has been appended.

    Args:
        objects: The service.
        folder: The log's key.
    """

    def __init__(self, objects: ObjectService, folder: str) -> None:
        self._objects = objects
        self._folder = folder
        self._threads: ThreadPoolExecutor | None = None
        self._fetching: deque[Future[bytes]] = deque()
        self._known: Iterator[Listed] = iter(())
        self._number = 0
        self._data = memoryview(b"")
        self._position = 0
        self._look()
        if not self._fetching:
            raise FileNotFoundError(folder)

    def readable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """How much was read."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Reads what the current piece has; 0 where there is no more for now."""
        while not self._data:
            if not self._fetching:
                self._look()
            if not self._fetching:
                return 0
            self._data = memoryview(self._fetching.popleft().result())
            self._ask_ahead()
        count = min(len(buffer), len(self._data))
        buffer[:count] = self._data[:count]
        self._data = self._data[count:]
        self._position += count
        return count

    def close(self) -> None:
        """Waits for what is being fetched."""
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
            self._threads = None
        super().close()

    def _look(self) -> None:
        self._known = pieces_of(self._objects, self._folder, self._number)
        self._ask_ahead()

    def _ask_ahead(self) -> None:
        while len(self._fetching) < _AHEAD:
            piece = next(self._known, None)
            if piece is None:
                return
            self._number += 1
            self._fetching.append(self._asked(piece))

    def _asked(self, piece: Listed) -> Future[bytes]:
        if not piece.size:
            done: Future[bytes] = Future()
            done.set_result(b"")
            return done
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_AHEAD, thread_name_prefix="log")
        return self._threads.submit(self._fetch, piece.key)

    def _fetch(self, key: str) -> bytes:
        return self._objects.get(key, 0, None).data
