"""Writing an object as a stream: small ones in one request, large ones in parts."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from framework.storage.objects.failures import CantCopyError, ServiceError
from framework.storage.objects.joining import (
    JoinLimits,
    Source,
    bytes_to_send,
    copied_pieces,
    growth,
)
from framework.storage.objects.service import ObjectService, Upload, split_key

PART_BYTES = 8 << 20
_AT_ONCE = 4
_BLOCK_BYTES = 4 << 20


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
        self._is_joined = False
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
        self._send_full()
        return len(data)

    def append(self, source: Source, data: Iterable[bytes]) -> Iterator[bytes]:
        """Takes a range of another object; what is worth it is copied there, and not sent.

        Args:
            source: The range.
            data: Its bytes, which are passed on.
        """
        limits = self._limits_for(source)
        if limits is None:
            for piece in data:
                self.write(piece)
                yield piece
            return
        sent, passed = self._bytes_to_send(source, limits), 0
        for piece in data:
            if passed < sent:
                # Not cut into parts: what would be left over could keep the next from a copy.
                self._buffer += piece[: sent - passed]
            passed += len(piece)
            yield piece
        self._written += passed
        if passed > sent:
            self._copy(source.part(source.start + sent, source.length - sent), limits)
        elif len(self._buffer) > self._part_bytes:
            # What goes in order has to go in multiples of 256 KiB.
            self._send_full() if self._begun().is_in_order else self._send_held()

    def tell(self) -> int:
        """How much was written."""
        return self._written

    def publish(self) -> None:
        """Makes the object of what was written.

        Raises:
            FileExistsError: It was to be created, and there is another.
            Conflict: All has to be written again.
            ServiceError: It was joined of others, and has another size than they have.
        """
        data = bytes(self._buffer)
        if self._upload is None:
            write = self._objects.create if self._is_new else self._objects.put
            write(self._key, data, self._token)
            return
        self._settle()
        self._upload.finish(self._number, data)
        self._stop()
        if self._is_joined:
            self._check_size()

    def abort(self) -> None:
        """Leaves nothing of what was sent."""
        for each in self._sending:
            each.cancel()
        self._stop()
        if self._upload is not None:
            # What made us give up is the error to tell; stores drop what nobody finishes.
            with suppress(ServiceError):
                self._upload.abort()

    @property
    def _part_bytes(self) -> int:
        return PART_BYTES * growth(self._number)

    def _limits_for(self, source: Source) -> JoinLimits | None:
        """What holds for the next piece; `None` where the range has to be sent."""
        limits, upload = self._objects.joins, self._upload
        if limits is None or (upload is not None and upload.is_in_order):
            return None
        if upload is None and len(self._buffer) + source.length <= PART_BYTES:
            return None  # in one request with all the rest, it may be
        is_near = split_key(source.key)[0] == split_key(self._key)[0]
        if not limits.takes_ranges and not (source.is_whole and is_near):
            return None
        return limits

    def _bytes_to_send(self, source: Source, limits: JoinLimits) -> int:
        return bytes_to_send(source, len(self._buffer), limits.at(self._number))

    def _copy(self, source: Source, limits: JoinLimits) -> None:
        is_first, self._is_joined = not self._is_joined, True
        self._send_held()
        for piece in copied_pieces(source, limits, self._number):
            self._submit(self._copy_or_send, piece)
            if is_first:  # a service that refuses is not asked for others in the meantime
                self._settle()
                is_first = False

    def _copy_or_send(self, number: int, source: Source) -> None:
        upload = self._begun()
        if self._objects.joins is not None:
            try:
                upload.copy(number, source)
                return
            except CantCopyError:
                self._objects.joins = None  # a refusal holds for all that follow
        upload.add(number, self._objects.get(source.key, source.start, source.length).data)

    def _send_full(self) -> None:
        while len(self._buffer) > (size := self._part_bytes):
            self._send(bytes(self._buffer[:size]))
            del self._buffer[:size]

    def _send_held(self) -> None:
        if self._buffer:
            self._send(bytes(self._buffer))
            self._buffer.clear()

    def _send(self, data: bytes) -> None:
        self._submit(self._begun().add, data)

    def _submit(self, do: Callable[[int, Any], None], what: Any) -> None:
        number, self._number = self._number, self._number + 1
        if self._begun().is_in_order:
            do(number, what)
            return
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="upload")
        self._sending.append(self._threads.submit(do, number, what))
        if len(self._sending) >= _AT_ONCE:
            self._sending.popleft().result()

    def _begun(self) -> Upload:
        if self._upload is None:
            begin = self._objects.join if self._is_joined else self._objects.upload
            self._upload = begin(self._key, self._token, is_new=self._is_new)
        return self._upload

    def _settle(self) -> None:
        while self._sending:
            self._sending.popleft().result()

    def _check_size(self) -> None:
        size = self._objects.head(self._key).size
        if size != self._written:
            self._objects.delete([self._key])
            raise ServiceError(f"{self._written} bytes were joined, and became {size}", self._key)

    def _stop(self) -> None:
        if self._threads is not None:
            self._threads.shutdown()
            self._threads = None


def rewrite(objects: ObjectService, sources: Iterable[str], writer: ObjectWriter) -> None:
    """Makes an object of others by reading them, where the service has no copy of its own."""
    try:
        for source in sources:
            piece = objects.get(source, 0, _BLOCK_BYTES)
            writer.write(piece.data)
            for start in range(len(piece.data), piece.size, _BLOCK_BYTES):
                writer.write(objects.get(source, start, _BLOCK_BYTES, piece.etag).data)
        writer.publish()
    except BaseException:
        writer.abort()
        raise
