"""Throughput over time, gathered as a stream, in as many bins as a picture can show."""

from __future__ import annotations

from typing import NamedTuple

MOST_BINS = 120
_FIRST_WIDTH_S = 1 / 16


class Bin(NamedTuple):
    """Files that ended in a span of time.

    Attributes:
        begin: In seconds of the job's work; time between two drivers does not count.
        end: The same.
        succeeded: Files.
        failed: Files.
    """

    begin: float
    end: float
    succeeded: float
    failed: float


class Timeline:
    """Files over the seconds that drivers have worked: bins that grow wider as time goes on."""

    def __init__(self) -> None:
        self._width = _FIRST_WIDTH_S
        self._succeeded: list[float] = []
        self._failed: list[float] = []
        self._offset = 0.0
        self._now = 0.0
        self.begins: list[float] = []
        self.has_times = True

    @property
    def seconds(self) -> float:
        """How long drivers have worked, all together."""
        return self._now

    def begin_driver(self) -> None:
        """The next entries are another driver's."""
        self._offset = self._now
        self.begins.append(self._now)

    def pass_time(self, at: float | None) -> None:
        """Takes a moment, in seconds since the driver began; `None` for a ledger without them."""
        if at is None:
            self.has_times = False
        else:
            self._now = max(self._now, self._offset + at)

    def add(self, succeeded: int, failed: int, *, spent: float) -> None:
        """Adds files that have ended by now, evenly over the time that was spent on them."""
        begin = max(self._offset, self._now - spent)
        while self._now >= self._width * MOST_BINS:
            self._widen()
        for index, share in self._shares(begin, self._now):
            while index >= len(self._succeeded):
                self._succeeded.append(0.0)
                self._failed.append(0.0)
            self._succeeded[index] += succeeded * share
            self._failed[index] += failed * share

    def _shares(self, begin: float, end: float) -> list[tuple[int, float]]:
        first, last = int(begin / self._width), int(end / self._width)
        if first == last:
            return [(first, 1.0)]
        shares = []
        for index in range(first, last + 1):
            low, high = max(begin, index * self._width), min(end, (index + 1) * self._width)
            shares.append((index, max(0.0, high - low) / (end - begin)))
        return shares

    def _widen(self) -> None:
        self._width *= 2
        for bins in (self._succeeded, self._failed):
            bins[:] = [sum(bins[place : place + 2]) for place in range(0, len(bins), 2)]

    def bins(self) -> list[Bin]:
        """All bins up to now, empty ones too."""
        found = []
        while self._now >= self._width * MOST_BINS:
            self._widen()
        for index in range(max(len(self._succeeded), int(self._now / self._width) + 1)):
            is_filled = index < len(self._succeeded)
            end = min(self._now, (index + 1) * self._width)
            begin = index * self._width
            if end > begin or (is_filled and self._succeeded[index] + self._failed[index]):
                succeeded = self._succeeded[index] if is_filled else 0.0
                failed = self._failed[index] if is_filled else 0.0
                found.append(Bin(begin, max(begin, end), succeeded, failed))
        return found
