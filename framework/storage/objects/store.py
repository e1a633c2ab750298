"""A store of objects: the whole contract of stores, on the operations of a service."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from framework.domain.files import order_key
from framework.errors import StorageError
from framework.storage import durable
from framework.storage.contract import AppendLog, FileRange, OnBytes, StagedFile, StoredFile
from framework.storage.gets import Requests
from framework.storage.objects.committing import commit, creates_exclusively
from framework.storage.objects.joining import Source
from framework.storage.objects.logs import LogReader, ObjectLog, pieces_of
from framework.storage.objects.reading import BLOCK_BYTES, ObjectReader
from framework.storage.objects.rooted import ObjectRoot
from framework.storage.objects.staging import ObjectStagedFile
from framework.storage.objects.walking import walk_objects
from framework.storage.objects.writing import ObjectWriter
from framework.storage.os_errors import shown
from framework.storage.paths import checked_relative
from framework.storage.tree import EVERYTHING, Kind, Selection, Sight, TreeStore

_COPIED_BYTES = 1 << 20


class ObjectStore(ObjectRoot, TreeStore):
    """A bucket, or a folder in one. Folders are what names have in common before a slash.

    Args:
        objects: The service.
        root: The root's key: a bucket, or one with a folder; empty for all buckets.
        url: The root as people write it.
        options: What the store was opened with.
    """

    def __repr__(self) -> str:
        return f"ObjectStore({self.url!r})"

    @property
    def creates_exclusively(self) -> bool:
        """Whether the service is known to keep the condition, or did when it was tried."""
        with self._told("trying exclusive creation in", ""):
            return creates_exclusively(self._objects, self._root)

    def at(self, path: str) -> ObjectStore:
        """The store rooted at a folder below."""
        return ObjectStore(
            self._objects, self._key(path), url=self._url_of(path), options=self.options
        )

    def is_same(self, other: TreeStore) -> bool:
        """Whether the other is opened in the same way, and has the same root."""
        is_alike = isinstance(other, ObjectStore) and other._objects is self._objects
        return is_alike and other.url == self.url

    def look(self, path: str) -> Sight | None:
        """What stands under a name; where it is an object and a folder, the object."""
        key = self._key(path)
        with self._told("looking for", path):
            if self._is_object(key):
                with suppress(FileNotFoundError):
                    head = self._objects.head(key)
                    return Sight(Kind.FILE, head.size, head.etag)
            if not key:
                return Sight(Kind.FOLDER)
            page = next(self._objects.pages(f"{key}/"), [])
            # A bucket without an object is one all the same: else it would have raised.
            return Sight(Kind.FOLDER) if page or not self._is_object(key) else None

    def walk(self, path: str = "", selection: Selection = EVERYTHING) -> Iterator[StoredFile]:
        """All files below a folder, in order, less what the selection leaves out."""
        path = path.rstrip("/")
        self._key(path)
        roots = [path] if self._key(path) else self.names()
        for root in roots:
            with self._told("listing", root):
                prefix = f"{self._root}/" if self._root else ""
                yield from walk_objects(
                    self._objects, prefix, f"{root}/" if root else "", selection
                )

    def names(self, path: str = "") -> list[str]:
        """Names directly in a folder, sorted; empty if it is not there."""
        key = self._key(path)
        with self._told("listing", path):
            if not key:
                return sorted(self._objects.buckets(), key=order_key)
            found = {name.rstrip("/") for name in self._objects.children(f"{key}/")}
            return sorted(found - {""}, key=order_key)

    def stat(self, path: str) -> StoredFile:
        """Size and etag of one file."""
        sight = self.look(path)
        if sight is None:
            raise self._missing(path)
        if sight.kind is Kind.FOLDER:
            raise StorageError(f"{shown(self._url_of(path))} is a folder, and a file is needed")
        return StoredFile(path, sight.size, sight.etag)

    def exists(self, path: str) -> bool:
        """Whether a file or a folder is there."""
        return self.look(path) is not None

    def read(self, path: str, *, start: int = 0, length: int | None = None) -> bytes:
        """A file's content, or a piece of it."""
        with self._told("reading", path):
            return self._objects.get(self._key(path), start, length).data

    def open_read(self, path: str) -> AbstractContextManager[BinaryIO]:
        """A file as a seekable binary stream."""
        with self._told("reading", path):
            return io.BufferedReader(ObjectReader(self._objects, self._key(path)))

    @property
    def has_lasting_etags(self) -> bool:
        """Whether a file's etag in a listing is the one that `stat` tells."""
        return True

    def requests(self, path: str) -> Requests | None:
        """What plain GETs for objects look like, where the service takes them."""
        return self._objects.requests(self._key, path)

    def fetch(self, path: str, target: Path, on_bytes: OnBytes | None = None) -> None:
        """Copies a file to a new local file: a small one takes one request."""
        key = self._key(path)
        with self._told("fetching", path):
            piece = self._objects.get(key, 0, BLOCK_BYTES)
            done = 0
            with target.open("wb") as copy:
                while True:
                    copy.write(piece.data)
                    done += len(piece.data)
                    if on_bytes is not None:
                        on_bytes(len(piece.data))
                    if done >= piece.size or not piece.data:
                        break
                    piece = self._objects.get(key, done, BLOCK_BYTES, piece.etag)

    def write(self, path: str, data: bytes) -> None:
        """Replaces a file: an object is seen whole or not at all."""
        with self._told("writing", path):
            self._objects.put(self._target(path), data, _new_token())

    def create(self, path: str, data: bytes) -> None:
        """Creates a file under a condition that the service checks."""
        key = self._target(path)
        with self._told("creating", path):
            # Where the condition is ignored, looking first is the best there is.
            if not creates_exclusively(self._objects, self._root) and self.exists(path):
                raise FileExistsError
            self._objects.create(key, data, _new_token())

    def append_log(self, path: str) -> AppendLog:
        """Opens a log for appending."""
        with self._told("opening", path):
            return ObjectLog(self._objects, self._target(path), url=self._url_of(path))

    def open_log(self, path: str) -> AbstractContextManager[BinaryIO]:
        """A log's pieces as one stream."""
        with self._told("reading", path):
            return io.BufferedReader(LogReader(self._objects, self._key(path)))

    def log_size(self, path: str) -> int:
        """How long a log's pieces are in all."""
        with self._told("looking at", path):
            sizes = [piece.size for piece in pieces_of(self._objects, self._key(path))]
        if not sizes:
            raise self._missing(path)
        return sum(sizes)

    def read_log(self, path: str, *, start: int = 0, length: int | None = None) -> bytes:
        """A log's content, or a piece of it: of the pieces, only those that have some of it."""
        with self._told("reading", path):
            data, position, skipped = [], 0, 0
            for piece in pieces_of(self._objects, self._key(path)):
                position += piece.size
                if position <= start:
                    skipped = position
                else:
                    data.append(self._objects.get(piece.key, 0, None).data)
                if length is not None and position >= start + length:
                    break
            else:
                if not position:
                    self.log_size(path)  # says that it isn't there
        begin = start - skipped
        return b"".join(data)[begin : None if length is None else begin + length]

    def put(self, source: Path, path: str) -> None:
        """Moves a local file here; a file of that name is replaced."""
        self.copy_in(source, path)
        source.unlink()

    def copy_in(self, source: Path, path: str, on_bytes: OnBytes | None = None) -> None:
        """Copies a local file here; nothing is seen of it before it is whole."""
        with source.open("rb") as original, self._told("writing", path):
            writer = ObjectWriter(self._objects, self._target(path), _new_token(), is_new=False)
            try:
                while piece := original.read(_COPIED_BYTES):
                    writer.write(piece)
                    if on_bytes is not None:
                        on_bytes(len(piece))
                writer.publish()
            except BaseException:
                writer.abort()
                raise

    def delete(self, path: str) -> None:
        """Removes a file, or a folder with all that is in it."""
        key = self._target(path)
        with self._told("deleting", path):
            self._objects.delete([key])
            for page in self._objects.pages(f"{key}/"):
                self._objects.delete([each.key for each in page])

    def local_path(self, path: str) -> None:
        """Nowhere on this machine."""
        return None

    @contextmanager
    def stage(self, final: str, token: str) -> Iterator[StagedFile]:
        """A hidden object beside `final`; its token goes with it when it is committed."""
        self._target(final)
        staged = self._staged(final, token)
        writer = ObjectWriter(self._objects, self._key(staged), _new_token(), is_new=False)
        try:
            # What is raised inside the block, or by its writing, is the block's own affair.
            yield ObjectStagedFile(staged, writer, self._source_of)
            with self._told("staging", final):
                writer.publish()
        except BaseException:
            writer.abort()
            raise

    def unstage(self, final: str, token: str) -> None:
        """Removes the hidden object of a killed `stage`, and what it was to be joined of."""
        staged = self._staged(final, token)
        with self._told("deleting", staged):
            self._objects.give_up(self._target(staged))
        self.delete(staged)

    def commit(self, staged: str, final: str) -> None:
        """Copies a staged object to its final name, exclusively, and removes it."""
        with self._told("committing", final):
            commit(self._objects, self._root, self._key(staged), self._target(final))

    def identity(self, path: str) -> str:
        """The token in an object's metadata; the etag of an object that isn't ours."""
        with self._told("looking at", path):
            head = self._objects.head(self._key(path))
        return head.token or f"etag {head.etag}"

    def _source_of(self, origin: FileRange) -> Source | None:
        """Where a file is for this store's service; `None` if it is another's."""
        store = origin.store
        if not isinstance(store, ObjectStore) or store._objects is not self._objects:
            return None
        return Source(store._key(origin.path), origin.start, origin.length, origin.is_whole)

    def _staged(self, final: str, token: str) -> str:
        return durable.hidden_sibling(final, f"{checked_relative(token)}.staged")


def _new_token() -> str:
    return os.urandom(16).hex()
