"""What bounds a job at large: how much may fail, what isolating has cost, what fits into memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from framework.domain.limits import Limits
from framework.domain.outcomes import Receipt
from framework.domain.tolerance import Tolerance
from framework.errors import ErrorThresholdExceededError
from framework.jobs.ledger import Ledger
from framework.jobs.listing import Listing


class Bounds:
    """Reads the ledger with the eyes of those who may have to stop, or to do with less.

    Args:
        threshold: `error_threshold`.
        ledger: The job's.
        listing: Its inputs.
    """

    def __init__(self, threshold: int | str, ledger: Ledger, listing: Listing) -> None:
        self._threshold = threshold
        self._tolerance = Tolerance.of(threshold)
        self._ledger = ledger
        self._listing = listing
        self._told: set[str] = set()

    @property
    def is_exceeded(self) -> bool:
        """Whether more files have failed than are tolerated."""
        counts = self._ledger.counts
        seen = counts.succeeded + counts.failed
        return self._tolerance.is_exceeded(counts.failed, seen, self._listed)

    @property
    def _listed(self) -> int | None:
        return self._listing.known if self._listing.is_complete else None

    def check(self) -> None:
        """Makes sure that no more files have failed than are tolerated.

        Raises:
            ErrorThresholdExceededError: More have.
        """
        if self.is_exceeded:
            raise ErrorThresholdExceededError(
                f"failed files: {self._ledger.counts.failed}, and error_threshold tolerates "
                f"{self._threshold}"
            )

    def limits(self) -> Limits:
        """What instances are told with each chunk."""
        limit = self._ledger.call_limit
        return Limits(
            failed=self._ledger.counts.failed,
            isolated_s=self._ledger.isolated_s,
            tolerated=self._tolerance.certain(self._listed),
            call_files=limit.files if limit else None,
        )

    def news(self, receipts: Sequence[Receipt]) -> Iterator[str]:
        """What people should hear of these receipts, each thing once."""
        texts = [notice for receipt in receipts for notice in receipt.notices]
        limit = self._ledger.call_limit
        if limit is not None and any(receipt.call_limit == limit for receipt in receipts):
            texts.append(
                f"mini-batches are scored in calls of at most {limit.files:,} files from here on: "
                f"{limit.too_many:,} ran out of memory"
            )
        for text in texts:
            if text not in self._told:
                self._told.add(text)
                yield text
