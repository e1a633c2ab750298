"""How long mini-batches took: a histogram that is gathered as a stream, in bounded memory."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise, product
from typing import NamedTuple

# Fine enough that a percentile is right within three percent.
_PER_DECADE = 80
_SHORTEST_S = 1e-6
_EDGES = tuple(factor * 10.0**power for power, factor in product(range(-6, 9), (1, 2, 5)))


class Bar(NamedTuple):
    """How many mini-batches took between `low` and `high` seconds."""

    low: float
    high: float
    mini_batches: int


class Durations:
    """Counts durations by their order of magnitude; the shortest and longest are kept exactly."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.count = 0
        self.total = 0.0
        self.longest = 0.0

    def add(self, seconds: Iterable[float]) -> None:
        """Adds the durations of some mini-batches."""
        taken = list(seconds)
        if not taken:
            return
        self._counts.update(map(_bucket, taken))
        self.count += len(taken)
        self.total += math.fsum(taken)
        self.longest = max(self.longest, *taken)

    def percentile(self, percent: float) -> float:
        """The seconds within which so many percent of all mini-batches ended; 0 if none did."""
        rank, passed = percent / 100 * self.count, 0
        for bucket, count in sorted(self._counts.items()):
            passed += count
            if passed >= rank:
                return min(_middle(bucket), self.longest)
        return 0.0

    def bars(self) -> list[Bar]:
        """The histogram: its bars are 1, 2, 5, 10, ... wide."""
        bars: dict[int, int] = {}
        for bucket, count in self._counts.items():
            place = _place(_middle(bucket))
            bars[place] = bars.get(place, 0) + count
        return [
            Bar(low, high, bars.get(place, 0))
            for place, (low, high) in enumerate(pairwise(_EDGES))
            if min(bars, default=0) <= place <= max(bars, default=-1)
        ]


@lru_cache(maxsize=4_096)  # short ones, of which there are very many, are often the same
def _bucket(seconds: float) -> int:
    return int(math.log10(max(seconds, _SHORTEST_S)) * _PER_DECADE // 1)


def _middle(bucket: int) -> float:
    return float(10 ** ((bucket + 0.5) / _PER_DECADE))


def _place(seconds: float) -> int:
    inside = (place for place, edge in enumerate(_EDGES[1:]) if seconds < edge)
    return next(inside, len(_EDGES) - 2)
