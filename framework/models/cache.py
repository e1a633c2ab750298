"""Models that instances have fetched: content-addressed, bounded, shared by all jobs of a user.

An entry is the folder `<sha256>-<bytes>/`, which holds the model under its own name. It is fetched
as `<sha256>-<bytes>.partial/` and renamed when it is whole, so that a fetch that was killed is
never used; what goes is renamed to `….gone` first, for the same reason. Beside an entry lie two
locks, which end with their process: `.lock` is shared by those who use it, and held alone by who
evicts it; `.fetch` is held alone by who fetches it. What is unused goes first when room is needed,
the longest unused before all others.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from framework.domain.homes import at_home
from framework.domain.models import ModelSource
from framework.errors import ModelError, StorageError
from framework.models.content import OnProgress
from framework.models.fetching import check, fetch, remove
from framework.storage import NO_OPTIONS, Options, open_store
from framework.storage.os_errors import translated

logger = logging.getLogger(__name__)

FOLDER_VARIABLE = "FRAMEWORK_MODEL_CACHE"
BYTES_VARIABLE = "FRAMEWORK_MODEL_CACHE_BYTES"
DEFAULT_BYTES = 50 << 30
_PARTIAL = ".partial"
_GONE = ".gone"
_USE = ".lock"
_FETCH = ".fetch"
_ENTRY = re.compile(r"(?P<key>[0-9a-f]{64}-(?P<size>[0-9]+))(?P<rest>.*)")


class BorrowedModel:
    """A model on this machine, there as long as it is borrowed.

    Attributes:
        path: Its file or folder.
    """

    def __init__(self, path: Path, lock: _Lock | None = None, cache: ModelCache | None = None):
        self.path = path
        self._lock = lock
        self._cache = cache

    def close(self) -> None:
        """Gives it back: from now on it may be evicted."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
            if self._cache is not None:
                self._cache.trim()


def borrow(
    source: ModelSource,
    on_progress: OnProgress | None = None,
    options: Options = NO_OPTIONS,
) -> BorrowedModel:
    """The model on this machine: where it lies, else in the cache, fetched if need be.

    Args:
        source: Where it lies.
        on_progress: Told of each piece that is fetched; what it raises ends the fetching.
        options: How its store is opened.

    Raises:
        ModelError: It is gone, or is not what was registered.
        StorageError: The store or the cache's disk fails.
    """
    here = open_store(source.url, options).local_path(source.path)
    if here is not None:
        if not here.exists():
            raise ModelError(f"model {source.title}: {here} is not there on this instance")
        return BorrowedModel(here)
    cache = ModelCache(cache_folder(), max_bytes=cache_bytes(), options=options)
    return cache.borrow(source, on_progress)


def cache_folder() -> Path:
    """Where the cache is on this machine.

    Raises:
        StorageError: Nobody says where.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(at_home(named)).absolute()
    try:
        above = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    except RuntimeError as error:
        raise StorageError(f"there is no home folder for models: set {FOLDER_VARIABLE}") from error
    return above.absolute() / "dask-batch-endpoints" / "models"


def cache_bytes() -> int:
    """How much may lie there unused.

    Raises:
        StorageError: The environment variable is no number of bytes.
    """
    text = os.environ.get(BYTES_VARIABLE, "").strip()
    if text and not text.isdecimal():
        raise StorageError(f"{BYTES_VARIABLE}: {text!r} is no number of bytes")
    return int(text) if text else DEFAULT_BYTES


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    key: str
    size: int
    used_at_ns: int

    @property
    def is_whole(self) -> bool:
        return self.path.name == self.key


class ModelCache:
    """A folder of fetched models.

    Args:
        folder: Where; made when it is needed.
        max_bytes: How much may lie there. What is in use is never evicted, so that a model that
            does not fit beside others in use is fetched all the same, and goes when it is not used
            any more.
        options: How stores are opened that models are fetched from.
    """

    def __init__(self, folder: Path, *, max_bytes: int, options: Options = NO_OPTIONS) -> None:
        self._options = options
        self._folder = folder
        self._max_bytes = max_bytes

    def borrow(self, source: ModelSource, on_progress: OnProgress | None = None) -> BorrowedModel:
        """The model, checked, fetched first if it isn't there as it should be.

        Args:
            source: Where it lies.
            on_progress: Told of each piece that is fetched; what it raises ends the fetching.

        Raises:
            ModelError: It is gone from the store, or is not what was registered.
            StorageError: The store or the disk fails.
        """
        name = f"{source.sha256}-{source.size}"
        with translated("keeping a model in", os.fspath(self._folder)):
            self._folder.mkdir(parents=True, exist_ok=True)
            is_fresh = False
            while True:
                lock = _Lock(self._path(name, _USE))
                try:
                    lock.acquire(fcntl.LOCK_SH)
                    path = self._path(name) / source.file_name
                    if path.exists() if is_fresh else self._is_good(source, path):
                        os.utime(self._path(name))
                        return BorrowedModel(path, lock, self)
                    lock.close()
                    self._fetch(source, name, on_progress)
                    is_fresh = True
                except BaseException:
                    lock.close()
                    raise

    def trim(self, room: int = 0, wanted: str = "") -> None:
        """Evicts what is unused until what is left and `room` fit in the bound.

        Args:
            room: Bytes that are needed beside it.
            wanted: The entry that they are for.
        """
        entries = [each for each in self._entries() if each.key != wanted]
        used = sum(entry.size for entry in entries)
        for entry in sorted(entries, key=lambda each: each.used_at_ns):
            if (not entry.is_whole or used + room > self._max_bytes) and self._evict(entry):
                used -= entry.size
        if room and used + room > self._max_bytes:
            logger.warning(
                "the models in use take %d bytes, more than the %d of %s",
                used + room,
                self._max_bytes,
                BYTES_VARIABLE,
            )

    def _is_good(self, source: ModelSource, path: Path) -> bool:
        if not path.exists():
            return False
        try:
            check(source, path)
        except ModelError as error:
            logger.warning("what the cache has of it is broken, and is fetched again: %s", error)
            return False
        return True

    def _fetch(self, source: ModelSource, name: str, on_progress: OnProgress | None) -> None:
        """Fetches a model, unless another process has done so while this one waited."""
        with self._alone(name, _FETCH, is_waiting=True):
            if self._is_good(source, self._path(name) / source.file_name):
                return
            self.trim(source.size, name)
            partial = self._path(name, _PARTIAL)
            remove(partial)
            partial.mkdir()
            try:
                fetch(source, partial, on_progress, self._options)
            except BaseException:
                remove(partial)
                raise
            # Whoever still uses what is broken has its files open, or finds the good ones.
            self._drop(self._path(name))
            partial.rename(self._path(name))

    def _evict(self, entry: _Entry) -> bool:
        lock = _USE if entry.is_whole else _FETCH
        if entry.path.name.endswith(_GONE):
            remove(entry.path)
            return True
        with self._alone(entry.key, lock, is_waiting=False) as is_alone:
            if is_alone:
                logger.info("evicting the model %s", entry.path)
                self._drop(entry.path)
        return is_alone

    def _drop(self, path: Path) -> None:
        """Removes a folder so that a removal that is killed leaves nothing that could be used."""
        gone = path.with_name(f"{path.name}.{secrets.token_hex(4)}{_GONE}")
        with suppress(FileNotFoundError):  # it was never there, or another process was quicker
            path.rename(gone)
        remove(gone)

    def _entries(self) -> list[_Entry]:
        found = []
        for path in self._folder.iterdir():
            match = _ENTRY.fullmatch(path.name)
            if match is None or match["rest"] in {_USE, _FETCH}:
                continue
            with suppress(FileNotFoundError):  # evicted by another process just now
                used_at_ns = path.stat().st_mtime_ns
                found.append(_Entry(path, match["key"], int(match["size"]), used_at_ns))
        return found

    @contextmanager
    def _alone(self, name: str, kind: str, *, is_waiting: bool) -> Iterator[bool]:
        """Holds one of an entry's locks alone; says whether that could be had."""
        lock = _Lock(self._path(name, kind))
        try:
            yield lock.acquire(fcntl.LOCK_EX | (0 if is_waiting else fcntl.LOCK_NB))
        finally:
            lock.close()

    def _path(self, name: str, suffix: str = "") -> Path:
        return self._folder / f"{name}{suffix}"


class _Lock:
    """A lock between processes and threads; it ends with its process."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def acquire(self, kind: int) -> bool:
        try:
            fcntl.flock(self._descriptor, kind)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
