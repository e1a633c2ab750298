"""What opens the stores of a task, handed to its worker beside it: a task may hold no secret.

Tasks are seen by the scheduler, in its dashboard and its logs. What is put here is not; it is gone
`KEPT_S` seconds after the driver was last heard of.
"""

from __future__ import annotations

import threading
import time

from framework.errors import JobError
from framework.storage import Options

KEPT_S = 10.0

_entries: dict[str, _Entry] = {}
_changed = threading.Condition()


class _Entry:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.expires_at = 0.0
        self.keep()

    def keep(self) -> None:
        self.expires_at = time.monotonic() + KEPT_S


def put(key: str, options: Options) -> None:
    """Keeps options for the task of that name; run on the worker with `Client.run`."""
    with _changed:
        _entries[key] = _Entry(options)
        if len(_entries) == 1:
            threading.Thread(target=_expire, name="vault", daemon=True).start()


def keep(key: str) -> None:
    """Keeps them for longer: the driver waits for the task."""
    with _changed:
        if key in _entries:
            _entries[key].keep()


def take(key: str) -> Options:
    """The options, for the task that they were put there for.

    Raises:
        JobError: They are gone, and so is the driver.
    """
    with _changed:
        if key not in _entries:
            raise JobError(f"{key}: its driver has not been heard of")
        return _entries[key].options


def drop(key: str) -> None:
    """Forgets them: the task has ended."""
    with _changed:
        _entries.pop(key, None)
        _changed.notify_all()


def _expire() -> None:
    with _changed:
        while _entries:
            now = time.monotonic()
            for key in [key for key, entry in _entries.items() if entry.expires_at <= now]:
                del _entries[key]
            if _entries:
                _changed.wait(min(entry.expires_at for entry in _entries.values()) - now)
