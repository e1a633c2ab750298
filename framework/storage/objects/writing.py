"""Writing an object as a stream: small ones in one request, large ones in parts."""

from __future__ import annotations

import io
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from framework.storage.objects.failures import ServiceError
from framework.storage.objects.service import ObjectService, Upload

PART_BYTES = 8 << 20
_AT_ONCE = 4
_PARTS_OF_A_SIZE = 1_000
"""S3 takes 10,000 parts: their size doubles this often, so that no object is too large."""


class ObjectWriter(io.RawIOBase):
    """A stream into a new object, in bounded memory. Nothing is seen of it before `publish`.

    Args:
        objects: The service.
        key: The object's.
        token: For its metadata.
        is_new: Whether it is to be created, not replaced.
    """

    def __init__(self, objects: ObjectService, key: str, token: str, *, is_new: bool) -> None:
        self._objects = objects
        self._key = key
        self._token = token
        self._is_new = is_new
        self._buffer = bytearray()
        self._written = 0
        self._number = 1
        self._upload: Upload | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._sending: deque[Future[None]] = deque()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Takes bytes; sends parts as they fill."""
        self._buffer += data
        self._written += len(data)
        size = PART_BYTES << (self._number - 1) // _PARTS_OF_A_SIZE
        while len(self._buffer) > size:
            self._send(bytes(self._buffer[:size]))
            del self._buffer[:size]
        return len(data)

    def tell(self) -> int:
        """How much was written."""
        return self._written

    def publish(self) -> None:
        """Makes the object of what was written.

        Raises:
            FileExistsError: It was to be created, and there is another.
            Conflict: All has to be written again.
        """
        data = bytes(self._buffer)
        if self._upload is None:
            write = self._objects.create if self._is_new else self._objects.put
            write(self._key, data, self._token)
            return
        while self._sending:
            self._sending.popleft().result()
        self._upload.finish(self._number, data)
        self._stop()

    def abort(self) -> None:
        """Leaves nothing of what was sent."""
        for each in self._sending:
            each.cancel()
        self._stop()
        if self._upload is not None:
            # What made us give up is the error to tell; stores drop what nobody finishes.
            with suppress(ServiceError):
                self._upload.abort()

    def _send(self, data: bytes) -> None:
        if self._upload is None:
            self._upload = self._objects.upload(self._key, self._token, is_new=self._is_new)
        number, self._number = self._number, self._number + 1
        if self._upload.is_in_order:
            self._upload.add(number, data)
            return
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="upload")
        self._sending.append(self._threads.submit(self._upload.add, number, data))
        if len(self._sending) >= _AT_ONCE:
            self._sending.popleft().result()

    def _stop(self) -> None:
        if self._threads is not None:
            self._threads.shutdown()
            self._threads = None
