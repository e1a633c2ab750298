from __future__ import annotations

import threading

import pytest

from framework.domain.outcomes import Receipt
from framework.errors import StorageError, SupersededError
from framework.jobs.journal import Journal
from framework.jobs.keeping import ReceiptKeeper
from framework.jobs.ledger import Ledger, read_receipts

PATIENCE_S = 30.0


@pytest.fixture
def receipt(outcome):
    return lambda index: Receipt(outcomes=(outcome(index),), part=None)


@pytest.fixture
def held(claim):
    journal = claim()
    return journal, Ledger(journal)


def kept_in(record) -> list[int]:
    return [receipt.outcomes[0].index for receipt in read_receipts(record)]


def test_on_a_disk_each_receipt_is_kept_before_the_next_is_asked_for(record, held, receipt):
    journal, ledger = held
    told = []
    with ReceiptKeeper(ledger, journal, 0.0, told.append) as keeper:
        for index in range(3):
            keeper.keep([receipt(index)])
            assert kept_in(record) == list(range(index + 1))
    assert [len(receipts) for receipts in told] == [1, 1, 1]


def test_far_away_receipts_that_come_meanwhile_are_kept_together(record, held, receipt):
    journal, ledger = held
    begun, go_on = threading.Event(), threading.Event()
    told = []

    def on_kept(receipts):
        told.append(len(receipts))
        begun.set()
        assert go_on.wait(PATIENCE_S)

    with ReceiptKeeper(ledger, journal, 0.001, on_kept) as keeper:
        keeper.keep([receipt(0)])
        assert begun.wait(PATIENCE_S)
        for index in range(1, 5):
            keeper.keep([receipt(index)])  # returns, though the first addition is under way
        go_on.set()
    assert kept_in(record) == list(range(5))
    assert told == [1, 4]
    assert ledger.counts.succeeded == 5


def test_a_driver_that_was_superseded_keeps_nothing_more(record, held, receipt):
    journal, ledger = held
    Journal.claim(record, started_at="now").close()
    with (
        pytest.raises(SupersededError),
        ReceiptKeeper(ledger, journal, 0.001, lambda _: None) as keeper,
    ):
        keeper.keep([receipt(0)])
    assert kept_in(record) == []


def test_a_ledger_that_can_not_be_written_ends_the_job(held, receipt, monkeypatch):
    journal, ledger = held

    def fail(_):
        raise StorageError("the disk is full")

    monkeypatch.setattr(ledger, "add", fail)
    with (
        pytest.raises(StorageError, match="the disk is full"),
        ReceiptKeeper(ledger, journal, 0.001, lambda _: None) as keeper,
    ):
        keeper.keep([receipt(0)])


def test_an_error_of_the_job_itself_is_the_one_that_is_told(record, held, receipt):
    journal, ledger = held

    def score() -> None:
        with ReceiptKeeper(ledger, journal, 0.001, lambda _: None) as keeper:
            keeper.keep([receipt(0)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        score()
    assert kept_in(record) == [0]  # what is done is kept
