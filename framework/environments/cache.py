"""The cache of built environments: where each is, who uses it, and what may be removed.

An environment's place is named by what it is made of. Virtual environments can't be moved, so each
attempt builds in a folder of its own, and `built.json`, written last, says which of them counts.
What a killed build leaves behind is never looked at, and removed by the next one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import secrets
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VARIABLE = "FRAMEWORK_ENVIRONMENTS"
_BUILT = "built.json"
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An environment that is there, whole.

    Attributes:
        key: Its name in the cache.
        python: Its interpreter.
        told: What was written down when it was built.
    """

    key: str
    python: Path
    told: dict[str, Any]


def cache_folder() -> Path:
    """Where environments are kept."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(os.path.abspath(os.path.expanduser(named)))  # noqa: PTH100, PTH111
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    return Path(cache) / "dask-batch-endpoints" / "environments"


class Place:
    """The place of one environment in the cache.

    Args:
        key: What it is made of, in a word.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self.folder = cache_folder() / key

    def built(self) -> Built | None:
        """The environment, if it is there and its interpreter can still be started."""
        try:
            told = json.loads((self.folder / _BUILT).read_bytes())
            python = self.folder / str(told["folder"]) / "bin" / "python"
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if not os.access(python, os.X_OK):  # the Python that it was made with is gone
            return None
        return Built(key=self.key, python=python, told=told)

    def attempt(self) -> Path:
        """A fresh folder to build in; what attempts before left behind is removed."""
        self.clear()
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / secrets.token_hex(3)

    def accept(self, environment: Path, told: dict[str, Any]) -> None:
        """Makes what an attempt has built the environment: from now on it is there."""
        folder = environment.relative_to(self.folder).as_posix()
        content = json.dumps({**told, "folder": folder}, indent=1).encode()
        draft = self.folder / f"{_BUILT}.draft"
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / _BUILT)

    def clear(self) -> None:
        """Removes what is there; for those who hold it alone."""
        with contextlib.suppress(FileNotFoundError):
            (self.folder / _BUILT).unlink()
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.folder)

    @contextlib.contextmanager
    def held(self, *, alone: bool, canceled: threading.Event) -> Iterator[bool]:
        """Holds the place, with all others who use it or alone; gives false if canceled."""
        lock = _open_lock(self.folder)
        try:
            yield _take(lock, alone=alone, canceled=canceled)
        finally:
            os.close(lock)  # which gives it free

    def is_used(self) -> bool:
        """Whether a job builds or uses it at the moment."""
        lock = _open_lock(self.folder)
        try:
            return not _try(lock, alone=True)
        finally:
            os.close(lock)


def _open_lock(folder: Path) -> int:
    folder.parent.mkdir(parents=True, exist_ok=True)
    return os.open(f"{folder}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


def _take(lock: int, *, alone: bool, canceled: threading.Event) -> bool:
    while not _try(lock, alone=alone):
        if canceled.wait(_LOOK_S):  # flock(2) itself can't be interrupted
            return False
    return not canceled.is_set()


def _try(lock: int, *, alone: bool) -> bool:
    try:
        fcntl.flock(lock, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in {errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK}:
            raise
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Cached:
    """An environment in the cache, as `doctor` lists it.

    Attributes:
        key: Its name in the cache.
        size: In bytes.
        is_built: Whether it is whole.
        is_used: Whether a job builds or uses it.
        python: Its Python's version.
        source: What it was first read from.
    """

    key: str
    size: int
    is_built: bool
    is_used: bool
    python: str
    source: str


def cached_environments() -> list[Cached]:
    """All that is in the cache."""
    found = []
    for place in _places():
        built = place.built()
        told = built.told if built else {}
        found.append(
            Cached(
                key=place.key,
                size=_size(place.folder),
                is_built=built is not None,
                is_used=place.is_used(),
                python=str(told.get("python", "")),
                source=str(told.get("source", "")),
            )
        )
    return found


def clear_environments() -> tuple[list[str], list[str]]:
    """Removes all that no job uses; returns the keys of those removed and of those kept."""
    removed: list[str] = []
    kept: list[str] = []
    for place in _places():
        lock = _open_lock(place.folder)
        try:
            is_free = _try(lock, alone=True)
            if is_free:
                place.clear()
        finally:
            os.close(lock)
        (removed if is_free else kept).append(place.key)
    return removed, kept


def _places() -> list[Place]:
    try:
        entries = sorted(cache_folder().iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [Place(entry.name) for entry in entries if entry.is_dir()]


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # it may be removed meanwhile
                total += (Path(place) / name).lstat().st_size
    return total
