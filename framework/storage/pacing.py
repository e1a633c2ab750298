"""How many requests to have in flight: as many as hide the latency, and no more."""

from __future__ import annotations

from statistics import median

_FEWEST = 4
_FIRST = 16
_SAMPLES = 16
_FORGOTTEN = 20


class Pace:
    """Adapts the number of requests in flight to what the store and this machine can bear.

    After TCP Vegas (Brakmo and Peterson, 1995): as long as answers take hardly longer than the
    quickest ones, more requests in flight bring more; once they queue somewhere, they only wait
    longer. The median is what counts, so that a few slow answers don't slow down all others.

    Args:
        most: Never more than this.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._fewest = min(_FEWEST, most)
        self._limit = float(min(_FIRST, most))
        self._quickest = float("inf")
        self._seconds: list[float] = []
        self._was_full = False
        self._age = 0

    @property
    def limit(self) -> int:
        """How many requests may be in flight."""
        return int(self._limit)

    def observe(self, seconds: float, in_flight: int) -> None:
        """Learns from an answer.

        Args:
            seconds: How long it took.
            in_flight: How many requests there were, with this one.
        """
        self._was_full |= in_flight >= self.limit
        self._seconds.append(seconds)
        if len(self._seconds) < max(_SAMPLES, self.limit):
            return
        self._learn(median(self._seconds), min(self._seconds))
        self._seconds.clear()
        self._was_full = False

    def _learn(self, usual: float, quickest: float) -> None:
        self._quickest = min(quickest, self._quickest)
        self._age += 1
        if usual > 3 * self._quickest + 0.01:
            self._limit = max(self._fewest, self._limit * 0.8)
        elif self._was_full and usual < 1.5 * self._quickest + 0.005:
            self._limit = min(self._most, self._limit * 1.5)
        if self._age >= _FORGOTTEN and usual > 1.2 * self._quickest:
            # What was quickest once need not be possible any more: look again, with less queued.
            self._quickest, self._age = float("inf"), 0
            self._limit = max(self._fewest, self._limit / 4)

    def slow_down(self) -> None:
        """Halves the pace: the store has asked for it."""
        self._limit = max(self._fewest, self._limit / 2)
        self._seconds.clear()
