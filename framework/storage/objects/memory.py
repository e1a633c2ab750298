"""Objects in fsspec's `memory://`: one process's own, for tests and examples."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from framework.domain.files import order_key
from framework.storage.objects.failures import ServiceError
from framework.storage.objects.service import (
    Head,
    Listed,
    ObjectService,
    Piece,
    Upload,
)

_LOCK = threading.Lock()
_PAGE = 1_000


class MemoryObjects(ObjectService):
    """What fsspec's memory holds. It has no buckets: a key is a path in it.

    Args:
        filesystem: fsspec's file system of the memory.
    """

    has_buckets = False

    def __init__(self, filesystem: Any) -> None:
        self._filesystem = filesystem
        self._files: dict[str, Any] = filesystem.store

    def head(self, key: str) -> Head:
        """What there is to know of an object."""
        file = self._file(key)
        return Head(_size(file), _etag(file), getattr(file, "token", ""))

    def get(self, key: str, start: int, length: int | None, etag: str = "") -> Piece:
        """A piece of an object."""
        file = self._file(key)
        if etag and etag != _etag(file):
            raise ServiceError("the object has changed while it was read", key)
        with file.getbuffer() as data:
            end = len(data) if length is None else start + length
            return Piece(bytes(data[start:end]), len(data), _etag(file))

    def put(self, key: str, data: bytes, token: str) -> None:
        """Writes or replaces an object."""
        self._files[f"/{key}"] = self._new(key, data, token)

    def create(self, key: str, data: bytes, token: str) -> None:
        """Writes an object if there is none."""
        with _LOCK:
            if f"/{key}" in self._files:
                raise FileExistsError(key)
            self.put(key, data, token)

    def upload(self, key: str, token: str, *, is_new: bool) -> Upload:
        """Begins an object of many parts."""
        return _MemoryUpload(self, key, token, is_new)

    def copy_new(self, source: str, target: str, size: int, token: str) -> None:
        """Copies an object if the target isn't there."""
        self.create(target, self._file(source).getvalue(), token)

    def delete(self, keys: Sequence[str]) -> None:
        """Removes objects."""
        for key in keys:
            self._files.pop(f"/{key}", None)

    def pages(self, prefix: str, after: str = "") -> Iterator[list[Listed]]:
        """All objects whose keys begin with a prefix."""
        last = order_key(after)
        found = [key[1:] for key in list(self._files) if key.startswith(f"/{prefix}")]
        keys = sorted((key for key in found if order_key(key) > last), key=order_key)
        for start in range(0, len(keys), _PAGE):
            page = []
            for key in keys[start : start + _PAGE]:
                file = self._files.get(f"/{key}")
                if file is not None:  # else removed since
                    page.append(Listed(key, _size(file), _etag(file)))
            yield page

    def children(self, prefix: str) -> Iterable[str]:
        """What follows a prefix, up to the next slash."""
        rests = [key[len(prefix) + 1 :] for key in list(self._files) if key[1:].startswith(prefix)]
        return dict.fromkeys(
            name + slash for name, slash, _ in (rest.partition("/") for rest in rests)
        )

    def buckets(self) -> list[str]:
        """The first names of all paths."""
        return sorted({key[1:].partition("/")[0] for key in list(self._files)}, key=order_key)

    def _file(self, key: str) -> Any:
        try:
            return self._files[f"/{key}"]
        except KeyError:
            raise FileNotFoundError(key) from None

    def _new(self, key: str, data: bytes, token: str) -> Any:
        from fsspec.implementations.memory import MemoryFile

        file = MemoryFile(self._filesystem, f"/{key}", data)
        file.token = token
        return file


class _MemoryUpload(Upload):
    def __init__(self, objects: MemoryObjects, key: str, token: str, is_new: bool) -> None:
        self._parts: dict[int, bytes] = {}
        self._objects = objects
        self._key = key
        self._token = token
        self._is_new = is_new

    def add(self, number: int, data: bytes) -> None:
        self._parts[number] = data

    def finish(self, number: int, data: bytes) -> None:
        self.add(number, data)
        whole = b"".join(self._parts[each] for each in sorted(self._parts))
        write = self._objects.create if self._is_new else self._objects.put
        write(self._key, whole, self._token)

    def abort(self) -> None:
        self._parts.clear()


def _size(file: Any) -> int:
    with file.getbuffer() as data:
        return len(data)


def _etag(file: Any) -> str:
    """Every write of ours has a token of its own; a file that is not ours, a time."""
    return str(getattr(file, "token", "") or f"{file.modified.timestamp()}-{_size(file)}")
