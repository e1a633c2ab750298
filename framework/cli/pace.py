"""How fast a job goes, and how long it will still take."""

from __future__ import annotations

from collections import deque

_WINDOW_S = 30.0
_SAMPLE_S = 0.5


class Pace:
    """The rate over the last half minute, in files a second.

    What was done before the first sample, as in a resumed job, counts for nothing.
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()
        self._newest: tuple[float, int] | None = None

    def observe(self, now: float, done: int) -> None:
        """Notes that `done` files are done at `now`, in seconds of a steady clock."""
        self._newest = (now, done)
        if not self._samples or now - self._samples[-1][0] >= _SAMPLE_S:
            self._samples.append((now, done))
        while len(self._samples) > 2 and now - self._samples[1][0] >= _WINDOW_S:
            self._samples.popleft()

    @property
    def rate(self) -> float | None:
        """Files a second; `None` until that can be said."""
        if self._newest is None:
            return None
        (begin, before), (now, done) = self._samples[0], self._newest
        return (done - before) / (now - begin) if now > begin and done > before else None

    def seconds_left(self, total: int | None) -> float | None:
        """Until `total` files are done; `None` once they are, or where that can't be said."""
        if total is None or self.rate is None or self._newest is None:
            return None
        left = total - self._newest[1]
        return left / self.rate if left > 0 else None
