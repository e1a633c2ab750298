"""What a store can do: the interface that local disks and object stores share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from framework.storage.options import NO_OPTIONS, Options

if TYPE_CHECKING:
    from framework.storage.gets import Requests

OnBytes = Callable[[int], None]
"""Told of each piece that was copied, in bytes; what it raises ends the copying."""

_PIECE = 1 << 20


class StoredFile(NamedTuple):
    """A file in a store.

    Attributes:
        path: Relative to the store's root, with forward slashes.
        size: In bytes.
        etag: What changes when the content does.
    """

    path: str
    size: int
    etag: str


class AppendLog(ABC):
    """What only grows, and has one writer. What `sync` returned from survives a power cut.

    On a disk it is a file; on a store of objects, a folder of that name with numbered pieces.
    """

    @abstractmethod
    def append(self, data: bytes) -> None:
        """Adds bytes; they may be lost until `sync`."""

    @abstractmethod
    def sync(self) -> None:
        """Makes all that was appended durable."""

    @abstractmethod
    def close(self) -> None:
        """Syncs and closes."""


class Store(ABC):
    """A root URL and what is below it. Paths are relative to the root, with forward slashes.

    A path that leaves the root (`..`, absolute) raises `StorageError`. A file that is not there
    raises `FileNotFoundError`; anything else that lasts raises `StorageError`.
    """

    url: str
    """The root, as people write it, without signature or secret."""

    options: Options = NO_OPTIONS
    """What it was opened with: `open_store(store.url, store.options)` is this store again."""

    @property
    def creates_exclusively(self) -> bool:
        """Whether of several that create or commit one name at the same time, one only succeeds.

        A store of objects that is not known to keep that promise is tried out. One that does not
        still creates and commits, as far as looking before writing goes; one that is only read
        refuses both.
        """
        return True

    @abstractmethod
    def at(self, path: str) -> Store:
        """The store rooted at a folder of this one, with the same options."""

    @abstractmethod
    def walk(self, path: str = "") -> Iterator[StoredFile]:
        """All files below a folder, recursively, as a stream.

        Ordered by the UTF-8 bytes of the relative path; hidden files and folders (names that
        begin with a dot) are left out. Memory stays bounded, whatever the size of a folder.
        """

    @abstractmethod
    def names(self, path: str = "") -> list[str]:
        """Names of the files and folders directly in a folder, sorted; empty if it isn't there."""

    @abstractmethod
    def stat(self, path: str) -> StoredFile:
        """Size and etag of one file."""

    @abstractmethod
    def exists(self, path: str) -> bool:
        """Whether a file or a folder is there."""

    @abstractmethod
    def read(self, path: str, *, start: int = 0, length: int | None = None) -> bytes:
        """A file's content, or a piece of it."""

    @abstractmethod
    def open_read(self, path: str) -> AbstractContextManager[BinaryIO]:
        """A file as a seekable binary stream."""

    def fetch(self, path: str, target: Path, on_bytes: OnBytes | None = None) -> None:
        """Copies a file to a new local file, whose folder is there. It need not be durable."""
        with self.open_read(path) as source, target.open("wb") as copy:
            while piece := source.read(_PIECE):
                copy.write(piece)
                if on_bytes is not None:
                    on_bytes(len(piece))

    @property
    def has_lasting_etags(self) -> bool:
        """Whether a file's etag in a listing is the one that `stat` tells, until it changes."""
        return False

    tells_sizes: bool = True
    """Whether a listing tells the size of each file; else 0 may mean that it is not known."""

    def requests(self, path: str) -> Requests | None:
        """What plain GETs for files look like; `None` where the store's library does them all.

        Args:
            path: A small file that should be there; it may be read to find out.
        """
        return None

    @abstractmethod
    def write(self, path: str, data: bytes) -> None:
        """Replaces a file, atomically and durably; makes its folders."""

    @abstractmethod
    def create(self, path: str, data: bytes) -> None:
        """Creates a file exclusively, whole and durably; `FileExistsError` if it is there."""

    @abstractmethod
    def append_log(self, path: str) -> AppendLog:
        """Opens a log for appending, created if it isn't there."""

    @abstractmethod
    def open_log(self, path: str) -> AbstractContextManager[BinaryIO]:
        """A log as a binary stream; at its end, it goes on where more has been appended since."""

    @abstractmethod
    def log_size(self, path: str) -> int:
        """How long a log is, in bytes."""

    @abstractmethod
    def read_log(self, path: str, *, start: int = 0, length: int | None = None) -> bytes:
        """A log's content, or a piece of it."""

    @abstractmethod
    def put(self, source: Path, path: str) -> None:
        """Moves a local file here, durably; a file of that name is replaced."""

    @abstractmethod
    def copy_in(self, source: Path, path: str, on_bytes: OnBytes | None = None) -> None:
        """Copies a local file here, durably; a file of that name is replaced.

        On a store of objects a copy that is cut short may leave a torn file under the name.
        """

    @abstractmethod
    def delete(self, path: str) -> None:
        """Removes a file, or a folder with all that is in it; no error if it isn't there."""

    @abstractmethod
    def local_path(self, path: str) -> Path | None:
        """Where the file lies on this machine's own file system; `None` on a remote store."""

    @abstractmethod
    def stage(self, final: str, token: str) -> AbstractContextManager[StagedFile]:
        """A new file that is to be committed under the name `final`, open for writing.

        It lies where `commit` can publish it atomically. An exception inside the block leaves
        nothing under `final`.
        """

    @abstractmethod
    def unstage(self, final: str, token: str) -> None:
        """Removes what a killed `stage` with this token has left; no error if there is nothing."""

    @abstractmethod
    def commit(self, staged: str, final: str) -> None:
        """Publishes a staged file under its final name, exclusively, atomically and durably.

        Raises:
            FileExistsError: Something stands under that name already. Nothing was changed.
        """

    @abstractmethod
    def identity(self, path: str) -> str:
        """What tells a committed file from a rival's: equal for a staged file and its commit.

        The inode of a local file; the token in an object's metadata.
        """


class FileRange(NamedTuple):
    """A range of a file in a store.

    Attributes:
        store: The store.
        path: The file's path there.
        start: The first byte.
        length: In bytes.
        is_whole: Whether it is all of the file.
    """

    store: Store
    path: str
    start: int
    length: int
    is_whole: bool = False


class StagedFile(ABC):
    """A file being staged.

    Attributes:
        path: Its path in the store, to be given to `Store.commit`.
        stream: Where its bytes go. Durable once the `with` block has ended.
    """

    path: str
    stream: BinaryIO

    def append(self, origin: FileRange, data: Iterable[bytes]) -> Iterator[bytes]:
        """Adds a range of another file, after what was written; it is added at the end of `data`.

        A store that can copies it within itself, and sends nothing.

        Args:
            origin: The range, of a file that does not change any more.
            data: Its bytes, which who joins files reads anyway, to check them.

        Yields:
            The same bytes.
        """
        for piece in data:
            self.stream.write(piece)
            yield piece
