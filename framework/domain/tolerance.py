"""How many failed files a job tolerates: a number of them, or a share."""

from __future__ import annotations

from typing import NamedTuple

ENOUGH_SEEN = 100
"""Files that must have an outcome before a share is judged by them, and not by all files."""

_ROUNDED = 1e-9  # 4.35 % of 10,000 is 435, and in binary a little less


class Tolerance(NamedTuple):
    """What `error_threshold` says.

    Attributes:
        most: Failed files that are tolerated; `None` where any number, or a share, is.
        percent: The tolerated share of failed files; `None` where it is no share.
    """

    most: int | None = None
    percent: float | None = None

    @classmethod
    def of(cls, threshold: int | str) -> Tolerance:
        """Reads the setting: -1 for any number, a number, or a share such as `5%`.

        Raises:
            ValueError: It is none of these.
        """
        if isinstance(threshold, int):
            if threshold < -1:
                raise ValueError(threshold)
            return cls(most=threshold if threshold >= 0 else None)
        percent = float(threshold.strip().removesuffix("%"))
        if not threshold.strip().endswith("%") or not 0 <= percent <= 100:
            raise ValueError(threshold)
        return cls(percent=percent)

    def is_exceeded(self, failed: int, seen: int, files: int | None) -> bool:
        """Whether more have failed than are tolerated.

        Whoever was told `certain` comes to the same judgement: else instances would stop for what
        their driver tolerates.

        Args:
            failed: Failed files.
            seen: Files with an outcome.
            files: All files of the job; `None` while they are not known.
        """
        known = [self.certain(files)]
        if seen >= ENOUGH_SEEN:
            known.append(self.certain(seen))
        return any(most is not None and failed > most for most in known)

    def certain(self, files: int | None) -> int | None:
        """Failed files above which the job has failed for certain, whatever else comes.

        Args:
            files: All files of the job; `None` while they are not known.
        """
        if self.percent is None:
            return self.most
        return None if files is None else int(self.percent * files / 100 + _ROUNDED)
