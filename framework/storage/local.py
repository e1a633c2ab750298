"""The store on this machine's own file systems."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

from framework.domain.files import order_key
from framework.errors import StorageError
from framework.storage import durable
from framework.storage.contract import AppendLog, OnBytes, StagedFile, StoredFile
from framework.storage.local_log import LocalAppendLog
from framework.storage.os_errors import explain, shown, translated
from framework.storage.paths import absolute, checked_relative
from framework.storage.tree import EVERYTHING, Kind, Selection, Sight, TreeStore
from framework.storage.walking import etag_of, walk_folder

_BUFFER = 1 << 20
_DEVICE_FAILED = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}


class LocalStagedFile(StagedFile):
    """A hidden file beside its final name: on the same file system, so that a link can be made.

    Attributes:
        path: Its path in the store, to be given to `Store.commit`.
        stream: Where its bytes go.
    """

    def __init__(self, path: str, stream: BinaryIO) -> None:
        self.path = path
        self.stream = stream


class LocalStore(TreeStore):
    """A folder. Links that lead out of it are followed when reading, and refused when writing.

    Args:
        root: The folder; relative to the working directory, `~` is expanded. It need not exist.
    """

    def __init__(self, root: str | Path) -> None:
        self.url = absolute(str(root))

    def __repr__(self) -> str:
        return f"LocalStore({self.url!r})"

    def at(self, path: str) -> LocalStore:
        """The store rooted at a folder below."""
        return LocalStore(self._full(path))

    def look(self, path: str) -> Sight | None:
        """What stands under a name; a broken link is a file."""
        full = self._full(path)
        try:
            status = os.stat(full)
        except PermissionError as error:
            raise StorageError(explain(error, "looking for", full)) from error
        except OSError:
            return Sight(Kind.FILE, 0, etag_of(0, 0)) if os.path.islink(full) else None
        if stat.S_ISDIR(status.st_mode):
            return Sight(Kind.FOLDER)
        if not stat.S_ISREG(status.st_mode):
            return Sight(Kind.OTHER)
        return Sight(Kind.FILE, status.st_size, etag_of(status.st_mtime_ns, status.st_size))

    def walk(self, path: str = "", selection: Selection = EVERYTHING) -> Iterator[StoredFile]:
        """All files below a folder, in order, less what the selection leaves out."""
        return walk_folder(self.url, checked_relative(path), selection)

    def names(self, path: str = "") -> list[str]:
        """Names directly in a folder, sorted, without what a write that was cut short left."""
        full = self._full(path)
        try:
            with translated("listing", full):
                names = os.listdir(full)
        except FileNotFoundError:
            return []
        return sorted((name for name in names if not durable.is_temporary(name)), key=order_key)

    def stat(self, path: str) -> StoredFile:
        """Size and etag of one file; links are followed."""
        full = self._full(path)
        with translated("looking at", full):
            status = os.stat(full)
        if stat.S_ISDIR(status.st_mode):
            raise StorageError(f"{shown(full)} is a folder, and a file is needed")
        return StoredFile(path, status.st_size, etag_of(status.st_mtime_ns, status.st_size))

    def exists(self, path: str) -> bool:
        """Whether something stands under the name, a broken link included."""
        return os.path.lexists(self._full(path))

    def read(self, path: str, *, start: int = 0, length: int | None = None) -> bytes:
        """A file's content, or a piece of it."""
        full = self._full(path)
        with translated("reading", full), open(full, "rb") as stream:
            if start:
                stream.seek(start)
            return stream.read(-1 if length is None else length)

    def open_read(self, path: str) -> AbstractContextManager[BinaryIO]:
        """A file as a seekable binary stream."""
        full = self._full(path)
        with translated("reading", full):
            return open(full, "rb", buffering=_BUFFER)

    def write(self, path: str, data: bytes) -> None:
        """Replaces a file: a hidden one is written and synced, then renamed."""
        full = self._target(path)
        with translated("writing", full):
            temporary = durable.temporary_sibling(full)
            durable.write_new(temporary, data)
            durable.replace(temporary, full)

    def create(self, path: str, data: bytes) -> None:
        """Creates a file exclusively: a hidden one is written and synced, then linked."""
        full = self._target(path)
        with translated("creating", full):
            temporary = durable.temporary_sibling(full)
            durable.write_new(temporary, data)
            try:
                durable.publish(temporary, full)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise

    def append_log(self, path: str) -> AppendLog:
        """Opens a log for appending, created if it is not there."""
        full = self._target(path)
        with translated("opening", full):
            return LocalAppendLog(full)

    def open_log(self, path: str) -> AbstractContextManager[BinaryIO]:
        """A log as a binary stream."""
        return self.open_read(path)

    def log_size(self, path: str) -> int:
        """How long a log is, in bytes."""
        return self.stat(path).size

    def read_log(self, path: str, *, start: int = 0, length: int | None = None) -> bytes:
        """A log's content, or a piece of it."""
        return self.read(path, start=start, length=length)

    def put(self, source: Path, path: str) -> None:
        """Moves a local file here; it is renamed where it lies on the same file system."""
        full = self._target(path)
        origin = os.fspath(source)
        with translated("writing", full):
            try:
                durable.sync_file(origin)
                os.replace(origin, full)
                durable.sync_folder(os.path.dirname(full))
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                _move_between_devices(origin, full)

    def copy_in(self, source: Path, path: str, on_bytes: OnBytes | None = None) -> None:
        """Copies a local file here: a hidden copy is written and synced, then renamed."""
        full = self._target(path)
        with translated("writing", full):
            _copy(os.fspath(source), full, on_bytes)

    def delete(self, path: str) -> None:
        """Removes a file or a folder; links in it are removed, not followed."""
        full = self._inside(path)
        with translated("deleting", full):
            while os.path.lexists(full):
                # Somebody else may be deleting the same folder: what is gone is no error.
                with contextlib.suppress(FileNotFoundError):
                    if os.path.isdir(full) and not os.path.islink(full):
                        shutil.rmtree(full)
                    else:
                        os.unlink(full)

    def local_path(self, path: str) -> Path:
        """Where the file lies."""
        return Path(self._full(path))

    @contextmanager
    def stage(self, final: str, token: str) -> Iterator[StagedFile]:
        """A hidden file beside `final`, which keeps its inode when it is committed."""
        full = self._target(final)
        staged = _staged(full, token)
        with translated("staging", full):
            stream = _open_new(staged)
        try:
            with stream:
                yield LocalStagedFile(os.path.relpath(staged, self.url), stream)
                stream.flush()
                os.fsync(stream.fileno())
            durable.sync_folder(os.path.dirname(staged))
        except BaseException as error:
            Path(staged).unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in _DEVICE_FAILED:
                raise StorageError(explain(error, "writing", full)) from error
            raise

    def unstage(self, final: str, token: str) -> None:
        """Removes the hidden file of a killed `stage`."""
        full = self._inside(final)
        with translated("deleting", full):
            Path(_staged(full, token)).unlink(missing_ok=True)

    def commit(self, staged: str, final: str) -> None:
        """Links a staged file to its final name, which never replaces, and unlinks it."""
        source, target = self._full(staged), self._target(final)
        with translated("committing", target):
            durable.publish(source, target)

    def identity(self, path: str) -> str:
        """The inode, which a file keeps when it is committed.

        Not the device: many file systems have another number after the next start of the machine.
        """
        full = self._full(path)
        with translated("looking at", full):
            return str(os.lstat(full).st_ino)

    def _full(self, path: str) -> str:
        path = checked_relative(path)
        return os.path.join(self.url, path) if path else self.url

    def _inside(self, path: str) -> str:
        """The full path of what is to be changed, if it really is below the root."""
        full = self._full(path)
        root = os.path.realpath(self.url)
        folder = os.path.realpath(os.path.dirname(full))
        if full == self.url or not f"{folder}/".startswith(f"{root.rstrip('/')}/"):
            raise StorageError(
                f"{shown(full)} is not below {shown(self.url)}: refused to change it"
            )
        return full

    def _target(self, path: str) -> str:
        full = self._inside(path)
        folder = os.path.dirname(full)
        with translated("making the folder", folder):
            durable.make_folders(folder)
        return full


def _staged(full: str, token: str) -> str:
    return durable.hidden_sibling(full, f"{checked_relative(token)}.staged")


def _open_new(path: str) -> BinaryIO:
    # What a killed try of the same token left is unlinked, not emptied: it may be committed.
    Path(path).unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    return open(descriptor, "wb", buffering=_BUFFER)


def _move_between_devices(source: str, target: str) -> None:
    _copy(source, target, None)
    os.unlink(source)


def _copy(source: str, target: str, on_bytes: OnBytes | None) -> None:
    temporary = durable.temporary_sibling(target)
    try:
        with open(source, "rb") as original, open(temporary, "xb") as copy:
            while piece := original.read(_BUFFER):
                copy.write(piece)
                if on_bytes is not None:
                    on_bytes(len(piece))
            copy.flush()
            os.fsync(copy.fileno())
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    durable.replace(temporary, target)
