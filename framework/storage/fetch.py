"""Bringing input files to this machine, ahead of need and within a bound on disk."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Hashable, Sequence
from functools import partial
from pathlib import Path

from framework.domain.files import InputFile
from framework.errors import StorageError
from framework.storage.contract import Store
from framework.storage.os_errors import explain, shown
from framework.storage.quick_room import QuickRoom
from framework.storage.scratch import scratch_names
from framework.storage.transfers import Transfer, Transfers

logger = logging.getLogger(__name__)

_MOST_AT_ONCE = 256


class FetchError(StorageError):
    """Some files of a mini-batch could not be fetched.

    Attributes:
        reasons: Why, by the file's path.
        fetched: Where the others lie on this machine, by path; there until `release`.
    """

    def __init__(self, reasons: dict[str, str], fetched: dict[str, str]) -> None:
        path, reason = next(iter(reasons.items()))
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        super().__init__(f"{shown(path)} can't be fetched: {reason}{more}")
        self.reasons = reasons
        self.fetched = fetched


class Fetcher:
    """Keeps the files of mini-batches on this machine from `prefetch` to `release`.

    Files of a local store are used in place; who knows `local_root` need not ask for them. Others
    are fetched in the order asked for, several at once, as long as they fit in the bound; one
    mini-batch that is waited for is always fetched, whatever its size.

    Args:
        store: Where the files are.
        scratch: A folder for what is fetched; made when it is needed.
        max_bytes: How much may lie there.
        quick: A folder in memory. Small files go there, as long as it has ample room: to make a
            file on a disk takes longer than to have it sent.
        most_at_once: How many files are fetched at once, if the way is so long that it takes so
            many.

    Attributes:
        local_root: What comes before files' paths on a local store; `None` for other stores.
    """

    def __init__(
        self,
        store: Store,
        scratch: Path,
        *,
        max_bytes: int,
        quick: Path | None = None,
        most_at_once: int = _MOST_AT_ONCE,
    ) -> None:
        root = store.local_path("")
        self.local_root = None if root is None else os.path.join(root, "")
        self._scratch = scratch
        self._quick = None if quick is None else QuickRoom(quick)
        self._max_bytes = max_bytes
        self._used_bytes = 0
        self._started = 0
        self._lock = threading.Lock()
        self._batches: dict[Hashable, _Batch] = {}
        self._waiting: list[_Batch] = []
        self._present: set[_Batch] = set()
        self._is_closed = False
        self._trouble: StorageError | None = None
        self._transfers = Transfers(store, most_at_once=most_at_once) if root is None else None

    def prefetch(self, key: Hashable, files: Sequence[InputFile]) -> None:
        """Asks for the files of a mini-batch; returns at once. A known key changes nothing."""
        with self._lock:
            if key in self._batches or self._is_closed:
                return
            batch = self._batches[key] = _Batch(files)
            if self.local_root is None:
                self._waiting.append(batch)
                self._admit()

    def wait(self, key: Hashable) -> list[str]:
        """The absolute local paths of a mini-batch's files, once all of them are there.

        Raises:
            FetchError: Some can't be had.
            StoreUnavailableError: None can be had at present.
            StorageError: The same for what is no fault of the files either, such as a full disk;
                or the fetcher was closed, or the key released meanwhile.
            KeyError: The key was never asked for.
        """
        with self._lock:
            if self._is_closed:
                raise StorageError("fetching was stopped")
            batch = self._batches[key]
            if self.local_root is not None:
                return [self.local_root + file.path for file in batch.files]
            batch.is_wanted = True
            self._admit()
        batch.is_complete.wait()
        if self._trouble is not None:
            raise self._trouble
        if batch.is_released:
            raise StorageError("fetching was stopped")
        if batch.reasons:
            raise FetchError(dict(batch.reasons), batch.fetched())
        return list(batch.targets)

    def release(self, key: Hashable) -> None:
        """Deletes what was fetched for a mini-batch; nothing happens for an unknown key."""
        with self._lock:
            batch = self._batches.pop(key, None)
            if batch is None or self.local_root is not None:
                return
            batch.is_released = True
            if batch in self._waiting:
                self._waiting.remove(batch)
                batch.is_complete.set()
                return
            is_idle = batch.pending == 0
        if is_idle:
            self._remove(batch)

    def close(self) -> None:
        """Stops fetching and deletes everything; those who wait get a `StorageError`."""
        with self._lock:
            self._is_closed = True
            for batch in self._batches.values():
                batch.is_released = True
                batch.is_complete.set()
            self._batches.clear()
            self._waiting.clear()
        if self._transfers is not None:
            self._transfers.close()
        _delete_folder(self._scratch)
        if self._quick is not None:
            _delete_folder(self._quick.folder)

    def _admit(self) -> None:
        """Starts what fits, in order; and what is waited for, if nothing else is being used."""
        while self._waiting:
            first = self._waiting[0]
            if self._used_bytes and self._used_bytes + first.size > self._max_bytes:
                break
            self._start(first)
        if not any(batch.is_wanted for batch in self._present):
            wanted = next((batch for batch in self._waiting if batch.is_wanted), None)
            if wanted is not None:
                self._start(wanted)

    def _start(self, batch: _Batch) -> None:
        assert self._transfers is not None
        self._waiting.remove(batch)
        self._present.add(batch)
        self._used_bytes += batch.size
        is_quick = self._quick is not None and self._quick.take(batch.size)
        above = self._quick.folder if self._quick is not None and is_quick else self._scratch
        batch.lie_in(os.path.join(above, f"{self._started:06d}"), is_quick=is_quick)
        self._started += 1
        if not batch.files:
            batch.is_complete.set()
            return
        batch.make_folders()
        self._transfers.add(
            [
                Transfer(
                    file=file,
                    target=target,
                    is_wanted=batch.is_wanted_still,
                    on_end=partial(self._take, batch, file.path),
                )
                for file, target in zip(batch.files, batch.targets, strict=True)
            ]
        )

    def _take(self, batch: _Batch, path: str, reason: str, trouble: StorageError | None) -> None:
        with self._lock:
            batch.pending -= 1
            if reason:
                batch.reasons[path] = reason
            self._trouble = self._trouble or trouble
            is_last = batch.pending == 0
            if is_last:
                batch.is_complete.set()
        if is_last and batch.is_released:
            self._remove(batch)

    def _remove(self, batch: _Batch) -> None:
        batch.delete()
        with self._lock:
            if batch in self._present:
                self._present.remove(batch)
                self._used_bytes -= batch.size
                if self._quick is not None and batch.is_quick:
                    self._quick.give_back(batch.size)
            if not self._is_closed:
                self._admit()


class _Batch:
    """The files of one key, and what has become of them."""

    def __init__(self, files: Sequence[InputFile]) -> None:
        self.files = files
        self.size = sum(file.size for file in files)
        self.folder = ""
        self.is_quick = False
        self.targets: list[str] = []
        self.reasons: dict[str, str] = {}
        self.pending = len(files)
        self.is_wanted = False
        self.is_released = False
        self.is_complete = threading.Event()

    def lie_in(self, folder: str, *, is_quick: bool) -> None:
        """Says where the files go."""
        self.is_quick = is_quick
        names = scratch_names([file.path for file in self.files])
        self.folder = folder
        self.targets = [os.path.join(folder, name) for name in names]

    def is_wanted_still(self) -> bool:
        """Whether it was not released."""
        return not self.is_released

    def make_folders(self) -> None:
        """Makes the folders that the files go to, as far as that can be done."""
        for folder in {os.path.dirname(target) for target in self.targets}:
            try:
                os.makedirs(folder, exist_ok=True)
            except OSError:  # a name too long, say: fetching the file says so again
                continue

    def delete(self) -> None:
        """Deletes the files; quickly where nobody has left anything beside them."""
        try:
            for target in self.targets:
                os.unlink(target)
            for folder in sorted(self._folders(), key=len, reverse=True):
                os.rmdir(folder)
        except OSError:
            _delete_folder(Path(self.folder))

    def _folders(self) -> set[str]:
        folders = {self.folder}
        for target in self.targets:
            folder = os.path.dirname(target)
            while folder not in folders:
                folders.add(folder)
                folder = os.path.dirname(folder)
        return folders

    def fetched(self) -> dict[str, str]:
        """Where the files lie that could be fetched."""
        places = zip(self.files, self.targets, strict=True)
        return {file.path: where for file, where in places if file.path not in self.reasons}


def _delete_folder(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        logger.warning("scratch space is not freed: %s", explain(error, "deleting", str(folder)))
