"""Reading an object as a seekable stream, block by block, one block ahead."""

from __future__ import annotations

import io
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from framework.storage.objects.service import ObjectService, Piece

BLOCK_BYTES = 4 << 20


class ObjectReader(io.RawIOBase):
    """An object's bytes, as they were when it was opened: it fails where the object has changed.

    Who reads on from one block to the next finds it fetched already.

    Args:
        objects: The service.
        key: The object's.
        block_bytes: What one request brings.
    """

    def __init__(self, objects: ObjectService, key: str, block_bytes: int = BLOCK_BYTES) -> None:
        self._objects = objects
        self._key = key
        self._block_bytes = block_bytes
        first = objects.get(key, 0, block_bytes)
        self._size = first.size
        self._etag = first.etag
        self._block = 0
        self._data = first.data
        self._position = 0
        self._thread: ThreadPoolExecutor | None = None
        self._ahead: tuple[int, Future[Piece]] | None = None

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes to another place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Reads what the current block has."""
        if self._position >= self._size:
            return 0
        block, start = divmod(self._position, self._block_bytes)
        if block != self._block:
            self._go_to(block)
        data = self._data[start : start + len(buffer)]
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        """Waits for what is being fetched."""
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)
            self._thread = None
        super().close()

    def _go_to(self, block: int) -> None:
        is_next = block == self._block + 1
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == block:
            self._data = ahead[1].result().data
        else:
            self._data = self._fetch(block).data
        self._block = block
        following = (block + 1) * self._block_bytes
        if is_next and following < self._size:
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
            self._ahead = block + 1, self._thread.submit(self._fetch, block + 1)

    def _fetch(self, block: int) -> Piece:
        start = block * self._block_bytes
        return self._objects.get(self._key, start, self._block_bytes, self._etag)
