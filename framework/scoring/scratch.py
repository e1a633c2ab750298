"""Scratch space on a local disk: gone with its owner, however that one ends."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "dask-batch-endpoints-"
_LOCK = "owner.lock"
_MEMORY = Path("/dev/shm")  # noqa: S108  Linux's tmpfs; elsewhere there is none


def memory_folder() -> Path | None:
    """A folder that lies in memory, where making a file costs next to nothing; if there is one."""
    return _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK | os.X_OK) else None


class Scratch:
    """A folder that is removed by `close`, or by the next one to be made if its owner was killed.

    The owner holds a lock (flock(2)) on a file in it, which the kernel releases at its death. That
    tells the living from the dead also across containers that share a `/tmp`.

    Args:
        above: Where it is made; where temporary files go by default.
    """

    def __init__(self, above: Path | None = None) -> None:
        above = above or Path(tempfile.gettempdir())
        _remove_orphans(above)
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=above))
        unnamed = self.path / f"{_LOCK}.new"
        self._lock = unnamed.open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        # Only now may others find it: one that is not locked is an orphan's to them.
        unnamed.rename(self.path / _LOCK)

    def close(self) -> None:
        """Removes the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def _remove_orphans(folder: Path) -> None:
    for lock in folder.glob(f"{_PREFIX}*/{_LOCK}"):
        try:
            with lock.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
        except OSError:
            continue  # it is somebody's, or somebody else is removing it
