"""The mini-batches that a job still has to score, planned from its list of inputs."""

from __future__ import annotations

from framework.domain.mini_batches import MiniBatch, MiniBatchPlanner
from framework.jobs.ledger import DoneSet
from framework.jobs.listing import Listing
from framework.settings import Settings


class PlannedSource:
    """Plans mini-batches as files are listed, and leaves out those that the ledger holds.

    Args:
        listing: The job's inputs.
        settings: How they are grouped.
        done: The mini-batches that have an outcome.
    """

    def __init__(self, listing: Listing, settings: Settings, done: DoneSet) -> None:
        self._listing = listing
        self._files = listing.files()
        self._planner = MiniBatchPlanner(
            max_files=settings.mini_batch_size, max_bytes=settings.mini_batch_bytes
        )
        self._done = done
        self._files_taken = 0
        self._batches_taken = 0
        self._are_copies = False
        self.is_exhausted = False

    def tell_copies(self) -> None:
        """The files are copies in another store from now on: their etags are not those listed."""
        self._are_copies = True

    def take(self) -> MiniBatch | None:
        """The next mini-batch; `None` if none is there now."""
        while (batch := self._plan_next()) is not None:
            self._files_taken += len(batch.files)
            self._batches_taken += 1
            if batch.index not in self._done:
                return _without_etags(batch) if self._are_copies else batch
        return None

    def _plan_next(self) -> MiniBatch | None:
        for file in self._files:
            if file is None:
                return None
            if (closed := self._planner.add(file)) is not None:
                return closed
        last = self._planner.close()
        self.is_exhausted = last is None
        return last

    @property
    def planned(self) -> int:
        """Mini-batches planned so far; all of them once the source is exhausted."""
        return self._batches_taken

    @property
    def remaining(self) -> int | None:
        """About how many mini-batches are still to come; `None` while the listing goes on."""
        if not self._listing.is_complete:
            return None
        files = self._listing.known - self._files_taken
        return -(-files * max(1, self._batches_taken) // max(1, self._files_taken))


def _without_etags(batch: MiniBatch) -> MiniBatch:
    return batch._replace(files=tuple(file._replace(etag="") for file in batch.files))
