"""What a model consists of: its files and their checksums.

A model is what can be read below its path: links are followed, hidden files belong to it, modes and
times do not. Its SHA-256 covers every path and every byte, beginning with the model's own name.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from framework.errors import ModelError
from framework.storage.os_errors import explain, shown

_PIECE = 1 << 20
_Stamp = tuple[int, int, int, int]


class Phase(StrEnum):
    """What takes long about a model."""

    CHECKSUM = "checksum"
    UPLOAD = "upload"
    DOWNLOAD = "download"


OnProgress = Callable[[Phase, int, int], None]
"""Told what is being done, how many bytes of it are done, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentFile:
    """One file of a model.

    Attributes:
        path: Begins with the model's own name; with forward slashes.
        size: In bytes.
        sha256: Of its bytes.
        stamp: What changes when it is written to; of a file that was read from a disk.
    """

    path: str
    size: int
    sha256: str
    stamp: _Stamp = field(default=(0, 0, 0, 0), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """All that a model consists of.

    Attributes:
        file_name: The name of its file or folder.
        files: In the order of their paths' bytes.
        empty_folders: Folders with nothing in them; their paths begin with the model's own name.
    """

    file_name: str
    files: tuple[ContentFile, ...]
    empty_folders: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(file.size for file in self.files)

    @property
    def sha256(self) -> str:
        """The checksum of all paths and all bytes."""
        total = hashlib.sha256()
        for file in self.files:
            total.update(_framed(file.path) + bytes.fromhex(file.sha256))
        for folder in self.empty_folders:
            total.update(_framed(f"{folder}/"))
        return total.hexdigest()


def read_content(path: str | Path, on_progress: OnProgress | None = None) -> Content:
    """Reads a model's file or folder.

    Args:
        path: Where it is, on this machine.
        on_progress: Told of each piece that was read.

    Raises:
        ModelError: It isn't there, can't be read, or is more than files and folders.
    """
    root = os.path.abspath(path)  # noqa: PTH100  keeps links: the model has the link's name
    name = os.path.basename(root)  # noqa: PTH119  the same, for names that are no UTF-8
    if not name:
        raise ModelError(f"model {shown(root)}: the root of a file system can't be a model")
    try:
        found, empty = _found(root, name)
        total = sum(os.stat(full).st_size for full, _ in found)  # noqa: PTH116
        reader = _Reader(total, on_progress)
        files = tuple(reader.read(full, relative) for full, relative in found)
    except FileNotFoundError as error:
        raise ModelError(f"model {shown(root)}: {_missing(error, root)}") from error
    except OSError as error:
        at = os.fsdecode(error.filename) if error.filename else root
        raise ModelError(f"model {shown(root)}: {explain(error, 'reading', at)}") from error
    return Content(file_name=name, files=files, empty_folders=tuple(empty))


def difference(registered: Content, there: Content) -> str:
    """The first file in which two contents differ."""
    was = {file.path: file.sha256 for file in registered.files}
    is_now = {file.path: file.sha256 for file in there.files}
    for path, sha256 in was.items():
        if is_now.get(path) != sha256:
            return f"{shown(path)} {'has changed' if path in is_now else 'is missing'}"
    added = next((path for path in is_now if path not in was), "an empty folder")
    return f"{shown(added)} was added or removed"


def stamp_of(path: str) -> _Stamp:
    """What changes when a file is written to, or another one takes its place."""
    status = os.stat(path)  # noqa: PTH116
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


class _Reader:
    def __init__(self, total: int, on_progress: OnProgress | None) -> None:
        self._total = total
        self._done = 0
        self._on_progress = on_progress

    def read(self, full: str, relative: str) -> ContentFile:
        stamp = stamp_of(full)
        digest = hashlib.sha256()
        size = 0
        with open(full, "rb") as file:  # noqa: PTH123
            while piece := file.read(_PIECE):
                digest.update(piece)
                size += len(piece)
                self._tell(len(piece))
        return ContentFile(path=relative, size=size, sha256=digest.hexdigest(), stamp=stamp)

    def _tell(self, count: int) -> None:
        self._done += count
        if self._on_progress is not None:
            self._on_progress(Phase.CHECKSUM, self._done, max(self._total, self._done))


def _found(root: str, name: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Full and relative paths of all files, and the empty folders, in the order of their bytes."""
    if not os.path.isdir(root):  # noqa: PTH112
        return [(root, name)], []
    files: list[tuple[str, str]] = []
    empty: list[str] = []
    stack: list[tuple[str, str, tuple[tuple[int, int], ...]]] = [(root, name, ())]
    while stack:
        folder, relative, above = stack.pop()
        status = os.stat(folder)  # noqa: PTH116
        identity = (status.st_dev, status.st_ino)
        if identity in above:
            continue  # a link that leads round in a circle
        entries = sorted(os.listdir(folder), key=os.fsencode)  # noqa: PTH208
        for entry in entries:
            full, path = os.path.join(folder, entry), f"{relative}/{entry}"  # noqa: PTH118
            if os.path.isdir(full):  # noqa: PTH112
                stack.append((full, path, (*above, identity)))
            elif os.path.isfile(full):  # noqa: PTH113
                files.append((full, path))
            else:
                raise ModelError(f"model {shown(root)}: {_odd(full)}")
        if not entries:
            empty.append(relative)
    return sorted(files, key=lambda file: os.fsencode(file[1])), sorted(empty, key=os.fsencode)


def _odd(full: str) -> str:
    if os.path.islink(full):  # noqa: PTH114
        return f"{shown(full)} is a link that leads nowhere"
    return f"{shown(full)} can't be read, or is neither a file nor a folder"


def _missing(error: FileNotFoundError, root: str) -> str:
    at = os.fsdecode(error.filename) if error.filename else root
    return f"{shown(at)} is not there" if at != root else "is not there"


def _framed(path: str) -> bytes:
    name = os.fsencode(path)
    return len(name).to_bytes(4, "big") + name
