"""Threads for work that waits: started as they are needed, and never waited for at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue


class Hands:
    """Runs functions in threads.

    They are daemons, unlike those of a `ThreadPoolExecutor`: what waits for a store that is gone
    must not hold up the end of the process.

    Args:
        most: How many threads there are at most.
        name: What they are called.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Condition()
        self._threads = 0
        self._busy = 0

    def run(self, function: Callable[[], None]) -> None:
        """Runs a function soon; it must not raise."""
        with self._lock:
            self._busy += 1
            is_short = self._busy > self._threads and self._threads < self._most
            self._threads += is_short
        self._work.put(function)
        if is_short:
            threading.Thread(target=self._serve, name=self._name, daemon=True).start()

    def close(self, patience_s: float) -> None:
        """Lets the threads go, each after what it is at, and waits for that so long at most."""
        with self._lock:
            threads = self._threads
            self._lock.wait_for(lambda: not self._busy, patience_s)
        for _ in range(threads):
            self._work.put(None)

    def _serve(self) -> None:
        while (function := self._work.get()) is not None:
            function()
            with self._lock:
                self._busy -= 1
                self._lock.notify_all()
