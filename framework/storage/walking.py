"""Walking a local tree: a stream in the order of bytes, whatever the size of a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from operator import itemgetter
from typing import NamedTuple

from framework.errors import StorageError
from framework.storage.contract import StoredFile
from framework.storage.os_errors import explain
from framework.storage.sorting import sorted_runs
from framework.storage.tree import EVERYTHING, Selection

_DOT, _SLASH = b"./"
_Entry = tuple[bytes, int, int]
"""Name (a folder's ends in a slash, as it sorts so), size, mtime in nanoseconds."""


class _Folder(NamedTuple):
    full: bytes
    real: bytes
    prefix: str
    identity: tuple[int, int]
    entries: Iterator[_Entry]


def etag_of(mtime_ns: int, size: int) -> str:
    """What changes when a local file's content does."""
    return f"{mtime_ns:x}-{size:x}"


def walk_folder(
    root: str, path: str = "", selection: Selection = EVERYTHING
) -> Iterator[StoredFile]:
    """All files below `root/path`, by the UTF-8 bytes of their paths below `root`.

    Links are followed; one that leads back to a folder above it is not entered again. A broken
    link is listed with size 0, so that it fails later under its name. Sockets, pipes and devices
    are left out.

    Raises:
        FileNotFoundError: The folder is not there.
        StorageError: A folder can't be read.
    """
    return _Walk(os.path.join(root, path) if path else root, selection).files(
        f"{path}/" if path else ""
    )


class _Walk:
    """One walk: the folders from the start down to the current one."""

    def __init__(self, start: str, selection: Selection) -> None:
        self._start = os.fsencode(start)
        self._selection = selection
        self._above: list[_Folder] = []
        self._left_out: list[tuple[bytes, bytes]] = []

    def files(self, prefix: str) -> Iterator[StoredFile]:
        real = os.path.realpath(self._start)
        outside = (os.fsencode(path).rstrip(b"/") for path in self._selection.leave_out)
        self._left_out = [os.path.split(path) for path in outside if not _is_within(real, path)]
        self._open(self._start, real, prefix)
        while self._above:
            folder = self._above[-1]
            for name, size, mtime_ns in folder.entries:
                path = folder.prefix + name.decode("utf-8", "surrogateescape")
                if name[-1] != _SLASH:
                    yield StoredFile(path, size, f"{mtime_ns:x}-{size:x}")
                elif self._enter(folder, name[:-1], path):
                    break
            else:
                self._above.pop()

    def _enter(self, outer: _Folder, name: bytes, prefix: str) -> bool:
        enters = self._selection.enters
        if enters is not None and not enters(prefix[:-1]):
            return False
        full, real = os.path.join(outer.full, name), os.path.join(outer.real, name)
        if os.path.islink(full):
            real = os.path.realpath(full)
            if any(_is_within(real, os.path.join(*path)) for path in self._left_out):
                return False
        try:
            return self._open(full, real, prefix)
        except FileNotFoundError:
            # Removed since its name was read: as if the listing had come a moment later.
            return False

    def _open(self, full: bytes, real: bytes, prefix: str) -> bool:
        left_out = frozenset(name for folder, name in self._left_out if folder == real)
        try:
            status = os.stat(full)
            identity = (status.st_dev, status.st_ino)
            if any(identity == above.identity for above in self._above):
                return False
            found = _scan(full, self._selection.hidden, left_out)
            entries = iter(sorted_runs(found, key=itemgetter(0)))
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StorageError(explain(error, "listing the folder", os.fsdecode(full))) from error
        self._above.append(_Folder(full, real, prefix, identity, entries))
        return True


def _is_within(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(folder + b"/")


def _scan(folder: bytes, hidden: bool, left_out: frozenset[bytes]) -> Iterator[_Entry]:
    is_regular = stat.S_ISREG
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if (name[0] == _DOT and not hidden) or name in left_out:
                continue
            try:
                if entry.is_dir():
                    yield name + b"/", 0, 0
                    continue
                status = entry.stat()
            except OSError as error:
                # Gone, or a link that leads nowhere; else the folder itself can't be searched.
                if not (isinstance(error, FileNotFoundError) or entry.is_symlink()):
                    raise
                yield name, 0, 0
                continue
            if is_regular(status.st_mode):
                yield name, status.st_size, status.st_mtime_ns
