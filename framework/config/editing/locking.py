"""One lock for a whole `conf/`: whoever reads a file to write it again holds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from framework.config.yaml_files import shown_path
from framework.errors import UsageError

_FOLDER = ".lock"
_WAIT_S = 60.0
_POLL_S = 0.02


@contextmanager
def locked(conf: Path) -> Iterator[None]:
    """Holds the lock of a `conf/` folder; the system gives it back when a holder dies.

    The lock's file lies in a folder of its own that git ignores by itself.

    Args:
        conf: The folder.

    Raises:
        UsageError: The folder can't be written to, or another process held the lock all the time.
    """
    from filelock import FileLock, Timeout

    try:
        lock = FileLock(_lock_file(conf), timeout=_WAIT_S, poll_interval=_POLL_S)
        lock.acquire()
    except Timeout:
        raise UsageError(
            f"{shown_path(conf)} has been locked by another command for {_WAIT_S:.0f} seconds: "
            "see what it is waiting for"
        ) from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UsageError(f"{shown_path(conf)} can't be written to: {reason}") from error
    try:
        yield
    finally:
        lock.release()


def _lock_file(conf: Path) -> str:
    folder = conf / _FOLDER
    folder.mkdir(exist_ok=True)
    ignored = folder / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n", encoding="utf-8")
    return os.fspath(folder / "lock")
