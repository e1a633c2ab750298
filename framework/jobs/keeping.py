"""Keeping receipts: durable before they count, and never in the way of dispatching."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from framework.domain.outcomes import Receipt
from framework.errors import FrameworkError
from framework.jobs.journal import Journal
from framework.jobs.ledger import Ledger

OnKept = Callable[[Sequence[Receipt]], None]


class ReceiptKeeper:
    """Adds receipts to the ledger, as long as the job is this driver's.

    On a disk that is done at once. Where each addition is a request to a store far away, receipts
    that come meanwhile are added together, in a thread of its own: what a driver that is killed
    has not added by then is scored again.

    Args:
        ledger: The job's.
        journal: The driver's hold on the job.
        pace_s: The least time between two additions; 0 to add each receipt at once.
        on_kept: Told of receipts that are durable and counted; from the thread, where there is one.
    """

    def __init__(self, ledger: Ledger, journal: Journal, pace_s: float, on_kept: OnKept) -> None:
        self._ledger = ledger
        self._journal = journal
        self._pace_s = pace_s
        self._on_kept = on_kept
        self._waiting: list[Receipt] = []
        self._error: FrameworkError | None = None
        self._changed = threading.Condition()
        self._is_closing = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> ReceiptKeeper:
        if self._pace_s:
            self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._thread is not None:
            self._is_closing.set()
            with self._changed:
                self._changed.notify_all()
            self._thread.join()
        if kind is None:
            self._raise()

    def keep(self, receipts: Sequence[Receipt]) -> None:
        """Takes receipts; they are durable by the end of the `with` block.

        Raises:
            SupersededError: The job is another driver's by now.
            StorageError: The ledger can't be written.
        """
        if self._thread is None:
            self._add(receipts)
            return
        self._raise()
        with self._changed:
            self._waiting += receipts
            self._changed.notify_all()

    def _run(self) -> None:
        while self._error is None:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closing.is_set())
                receipts, self._waiting = self._waiting, []
            if not receipts:
                return
            began = time.monotonic()
            try:
                self._add(receipts)
            except FrameworkError as error:
                self._error = error
            self._is_closing.wait(max(0.0, began + self._pace_s - time.monotonic()))

    def _add(self, receipts: Sequence[Receipt]) -> None:
        self._journal.check_still_ours()
        self._ledger.add(receipts)
        self._on_kept(receipts)

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error
