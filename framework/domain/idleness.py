"""Idleness: who has had no work for so long that it may go."""

from __future__ import annotations

from collections.abc import Collection, Sequence


class Idleness:
    """Remembers since when each instance has had no work. The clock comes in from outside.

    Args:
        patience_s: Seconds that one without work is kept; `None` for ever.
        least: How many are kept in any case.

    Attributes:
        patience_s: The same.
        least: The same, and at least one.
    """

    def __init__(self, patience_s: float | None, least: int = 1) -> None:
        self.patience_s = patience_s
        self.least = max(1, least)
        self._since: dict[str, float] = {}

    def due(self, idle: Sequence[str], *, there: Collection[str], now: float) -> list[str]:
        """Who may go now, those first that have had no work for longest.

        Args:
            idle: Those without work, and none to come; of equals the first goes first.
            there: All of them, these too.
            now: Seconds on a clock that is never set back.
        """
        self._since = {each: self._since.get(each, now) for each in idle}
        if self.patience_s is None:
            return []
        ripe = [each for each in idle if now - self._since[each] >= self.patience_s]
        may_go = max(0, len(there) - self.least)
        return sorted(ripe, key=self._since.__getitem__)[:may_go]

    def wait_s(self, *, there: Collection[str], now: float) -> float | None:
        """Seconds until the next one may go; `None` where nobody may, whatever time goes by."""
        if self.patience_s is None or not self._since or len(there) <= self.least:
            return None
        return max(0.0, min(self._since.values()) + self.patience_s - now)
