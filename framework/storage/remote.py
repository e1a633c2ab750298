"""Stores of any other kind, through fsspec: reading and listing, and writing where it is safe."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from framework.domain.files import order_key
from framework.errors import StorageError
from framework.storage.contract import AppendLog, OnBytes, StagedFile, StoredFile
from framework.storage.direct import requests_for
from framework.storage.gets import Requests
from framework.storage.options import NO_OPTIONS, Options
from framework.storage.os_errors import shown
from framework.storage.paths import checked_relative, scheme_of
from framework.storage.sorting import SortedRuns, sorted_runs
from framework.storage.tree import EVERYTHING, Kind, Selection, Sight, TreeStore

_REPLACES_WHOLE = frozenset({"memory", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"})
_HAS_ETAGS = _REPLACES_WHOLE | {"http", "https"}


class FsspecStore(TreeStore):
    """What fsspec can do anywhere. It promises no exclusive creation, so it refuses to try.

    Args:
        filesystem: An fsspec file system.
        root: The root's path in it.
        url: The root as people write it.
    """

    def __init__(
        self, filesystem: Any, root: str, *, url: str, options: Options = NO_OPTIONS
    ) -> None:
        self.url = url
        self.options = options
        self._filesystem = filesystem
        self._root = root.rstrip("/")

    def __repr__(self) -> str:
        return f"FsspecStore({self.url!r})"

    @property
    def creates_exclusively(self) -> bool:
        """It refuses to try."""
        return False

    def at(self, path: str) -> FsspecStore:
        """The store rooted at a folder below."""
        return type(self)(
            self._filesystem, self._full(path), url=self._url_of(path), options=self.options
        )

    def is_same(self, other: TreeStore) -> bool:
        """Whether the other is opened in the same way, and has the same root."""
        is_alike = isinstance(other, FsspecStore) and other._filesystem == self._filesystem
        return is_alike and other.url == self.url

    def look(self, path: str) -> Sight | None:
        """What stands under a name."""
        try:
            info = self._info(path)
        except FileNotFoundError:
            return None
        if info["type"] == "directory":
            return Sight(Kind.FOLDER)
        return Sight(Kind.FILE, _size(info), _etag(info))

    def walk(self, path: str = "", selection: Selection = EVERYTHING) -> Iterator[StoredFile]:
        """All files below a folder, listed folder by folder, in order."""
        stack = [iter(self._entries(path, selection.hidden))]
        while stack:
            for key, found in stack[-1]:
                if not key.endswith(b"/"):
                    yield found
                elif selection.enters is None or selection.enters(found.path):
                    stack.append(iter(self._entries(found.path, selection.hidden)))
                    break
            else:
                stack.pop()

    def names(self, path: str = "") -> list[str]:
        """Names directly in a folder, sorted; empty if it is not there."""
        try:
            return sorted((_name(info) for info in self._list(path)), key=order_key)
        except FileNotFoundError:
            return []

    def stat(self, path: str) -> StoredFile:
        """Size and etag of one file."""
        info = self._info(path)
        if info["type"] == "directory":
            raise StorageError(f"{shown(self._url_of(path))} is a folder, and a file is needed")
        return StoredFile(path, _size(info), _etag(info))

    def exists(self, path: str) -> bool:
        """Whether a file or a folder is there."""
        return self.look(path) is not None

    def read(self, path: str, *, start: int = 0, length: int | None = None) -> bytes:
        """A file's content, or a piece of it."""
        end = None if length is None else start + length
        with self._translated("reading", path):
            return bytes(self._filesystem.cat_file(self._full(path), start=start, end=end))

    def open_read(self, path: str) -> AbstractContextManager[BinaryIO]:
        """A file as a seekable binary stream."""
        with self._translated("reading", path):
            stream: AbstractContextManager[BinaryIO] = self._filesystem.open(self._full(path), "rb")
            return stream

    @property
    def has_lasting_etags(self) -> bool:
        """Whether a file's etag in a listing is the one that `stat` tells."""
        return scheme_of(self.url) in _HAS_ETAGS

    def requests(self, path: str) -> Requests | None:
        """What plain GETs for files look like, where the store takes them."""
        return requests_for(self._filesystem, self._full, path, scheme_of(self.url))

    def fetch(self, path: str, target: Path, on_bytes: OnBytes | None = None) -> None:
        """Copies a file to a new local file."""
        told = {} if on_bytes is None else {"callback": told_of(on_bytes)}
        with self._translated("fetching", path):
            self._filesystem.get_file(self._full(path), os.fspath(target), **told)

    def write(self, path: str, data: bytes) -> None:
        """Replaces a file, where the store does that atomically."""
        self._check_replaces_whole(path)
        with self._translated("writing", path):
            self._filesystem.pipe_file(self._full(path), data)

    def put(self, source: Path, path: str) -> None:
        """Moves a local file here, where the store replaces atomically."""
        self._check_replaces_whole(path)
        with self._translated("writing", path):
            self._filesystem.put_file(os.fspath(source), self._full(path))
        source.unlink()

    def copy_in(self, source: Path, path: str, on_bytes: OnBytes | None = None) -> None:
        """Copies a local file here, where the store replaces atomically."""
        self._check_replaces_whole(path)
        with self._translated("writing", path):
            self._filesystem.put_file(
                os.fspath(source), self._full(path), callback=told_of(on_bytes)
            )

    def delete(self, path: str) -> None:
        """Removes a file or a folder."""
        if not path:
            raise StorageError(f"refused to delete the whole of {self.url}")
        try:
            with self._translated("deleting", path):
                self._filesystem.rm(self._full(path), recursive=True)
        except FileNotFoundError:
            return

    def local_path(self, path: str) -> None:
        """Nowhere on this machine."""
        return None

    def create(self, path: str, data: bytes) -> None:
        """Refused: fsspec has no exclusive creation that holds everywhere."""
        self._refuse("create a file exclusively", path)

    def append_log(self, path: str) -> AppendLog:
        """Refused: fsspec has no durable appending."""
        self._refuse("append durably", path)

    def open_log(self, path: str) -> AbstractContextManager[BinaryIO]:
        """A log that lies there as a file."""
        return self.open_read(path)

    def log_size(self, path: str) -> int:
        """How long such a log is."""
        return self.stat(path).size

    def read_log(self, path: str, *, start: int = 0, length: int | None = None) -> bytes:
        """A piece of such a log."""
        return self.read(path, start=start, length=length)

    def stage(self, final: str, token: str) -> AbstractContextManager[StagedFile]:
        """Refused, as `commit` is."""
        self._refuse("commit a file exclusively", final)

    def unstage(self, final: str, token: str) -> None:
        """Refused, as `stage` is."""
        self._refuse("commit a file exclusively", final)

    def commit(self, staged: str, final: str) -> None:
        """Refused: fsspec has no exclusive creation that holds everywhere."""
        self._refuse("commit a file exclusively", final)

    def identity(self, path: str) -> str:
        """Refused, as `commit` is."""
        self._refuse("tell a committed file from a rival's", path)

    def _entries(self, path: str, hidden: bool) -> SortedRuns[tuple[bytes, StoredFile]]:
        prefix = f"{path}/" if path else ""
        return sorted_runs(
            (
                _entry(prefix, info)
                for info in self._list(path)
                if _name(info) and (hidden or not _name(info).startswith("."))
            ),
            key=_key_of_entry,
        )

    def _list(self, path: str) -> list[dict[str, Any]]:
        full = self._full(path)
        with self._translated("listing", path):
            found = self._filesystem.ls(full, detail=True)
        # A store of objects lists a folder's own marker, or a file as its own only entry.
        return [info for info in found if info["name"].strip("/") != full.strip("/")]

    def _info(self, path: str) -> dict[str, Any]:
        with self._translated("looking at", path):
            info: dict[str, Any] = self._filesystem.info(self._full(path))
            return info

    def _full(self, path: str) -> str:
        # Checked, not normalised: to a store of objects `a//b` and `a/b` are two names.
        checked_relative(path)
        return "/".join(part for part in (self._root, path) if part)

    def _url_of(self, path: str) -> str:
        return f"{self.url}{'' if self.url.endswith('/') else '/'}{path}" if path else self.url

    def _check_replaces_whole(self, path: str) -> None:
        if scheme_of(self.url) not in _REPLACES_WHOLE:
            self._refuse("replace a file atomically", path)

    def _refuse(self, what: str, path: str) -> NoReturn:
        raise StorageError(f"this store can't {what}: {shown(self._url_of(path))}")

    @contextmanager
    def _translated(self, action: str, path: str) -> Iterator[None]:
        # Each library below fsspec has errors of its own; this is the boundary they end at.
        try:
            yield
        except (FileNotFoundError, FileExistsError, StorageError):
            raise
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise StorageError(f"{reason} while {action} {shown(self._url_of(path))}") from error


def told_of(on_bytes: OnBytes | None) -> Any:
    """Tells of pieces in fsspec's way."""
    from fsspec.callbacks import Callback

    class Told(Callback):
        def relative_update(self, inc: int = 1) -> None:
            if on_bytes is not None:
                on_bytes(inc)

    return Told()


def _name(info: dict[str, Any]) -> str:
    return str(info["name"]).rstrip("/").rpartition("/")[2]


def _size(info: dict[str, Any]) -> int:
    return int(info.get("size") or 0)


def _etag(info: dict[str, Any]) -> str:
    for key in ("ETag", "etag", "LastModified", "last_modified", "mtime", "updated", "created"):
        value = info.get(key)
        if isinstance(value, datetime):
            value = value.timestamp()
        if value:
            return str(value).strip('"')
    return f"{_size(info):x}"


def _entry(prefix: str, info: dict[str, Any]) -> tuple[bytes, StoredFile]:
    name = _name(info)
    is_folder = info["type"] == "directory"
    key = order_key(f"{name}/" if is_folder else name)
    return key, StoredFile(prefix + name, _size(info), "" if is_folder else _etag(info))


def _key_of_entry(entry: tuple[bytes, StoredFile]) -> bytes:
    return entry[0]
