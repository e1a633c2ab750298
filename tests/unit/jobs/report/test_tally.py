from __future__ import annotations

import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.domain.outcomes import Outcome, Receipt
from framework.jobs.ledger import Ledger, encode_receipt
from framework.jobs.record import open_record
from framework.jobs.report.tally import SLOWEST, tally
from framework.storage import open_store

rows = st.tuples(
    st.integers(0, 40),  # its index: often one that was there before
    st.integers(0, 5),
    st.integers(0, 5),
    st.integers(1, 4),
    st.floats(0, 100),
)
jobs = st.lists(st.lists(st.lists(rows, max_size=4), max_size=4), min_size=1, max_size=3)


def outcome_of(row, failing) -> Outcome:
    index, succeeded, failed, tries, took = row
    failures = failing(index, *(f"{place}" for place in range(failed))).failures if failed else ()
    return Outcome(index, succeeded + failed, succeeded, succeeded, tries, took, failures=failures)


@settings(max_examples=40)
@given(jobs)
def test_the_counts_are_those_of_the_ledger(author_of, failing, drivers):
    with tempfile.TemporaryDirectory() as folder:
        author = author_of(open_record(open_store(folder), "job"))
        for driver in drivers:
            journal, ledger = author.drive()
            for receipt in driver:
                author.clock.now += 1.0
                outcomes = tuple(outcome_of(row, failing) for row in receipt)
                ledger.add([Receipt(outcomes=outcomes, part=None)])
            journal.close()
        found = tally(author.record, processes=2)

    truth = ledger.counts
    truth.files = truth.succeeded + truth.failed
    assert found.counts == truth
    assert found.failures.count == truth.failed
    assert found.durations.count == sum(b.mini_batches for b in found.durations.bars())
    assert found.durations.count == truth.mini_batches
    assert sum(drive.mini_batches for drive in found.drives) == truth.mini_batches
    assert sum(drive.files for drive in found.drives) == truth.files
    assert len(found.slowest) == min(SLOWEST, truth.mini_batches)
    assert sum(b.succeeded for b in found.timeline.bins()) == pytest.approx(truth.succeeded)


def test_the_slowest_are_told_the_slowest_first(author):
    author.run(*(Outcome(index, 1, 1, 1, 1, float(index % 37)) for index in range(100)))
    slowest = tally(author.record, processes=1).slowest

    assert [seconds for seconds, _ in slowest] == [
        36.0,
        36.0,
        35.0,
        35.0,
        34.0,
        34.0,
        *[33.0] * 2,
        32.0,
        32.0,
    ]
    assert all(index % 37 == seconds for seconds, index in slowest)


def test_each_driver_has_what_it_did_and_how_it_ended(author):
    author.run(Outcome(0, 2, 2, 2, 1, 0.1), Outcome(1, 2, 2, 2, 1, 0.1))
    author.run(Outcome(1, 2, 2, 2, 1, 0.1), Outcome(2, 2, 2, 2, 2, 0.1), ended="Completed")
    first, second = tally(author.record, processes=1).drives

    assert (first.epoch, first.files, first.seconds, first.ended) == (1, 4, 2.0, "")
    assert (second.epoch, second.files, second.seconds, second.ended) == (2, 2, 2.0, "Completed")


def test_mini_batches_that_were_tried_again_are_counted_once(author):
    author.run(
        Outcome(0, 2, 2, 2, 3, 0.1), Outcome(1, 2, 2, 2, 1, 0.1), Outcome(2, 2, 2, 2, 2, 0.1)
    )

    assert tally(author.record, processes=1).retried == 2


def test_a_ledger_without_times_is_counted_all_the_same(author):
    journal, _ = author.drive()
    receipt = Receipt(outcomes=(Outcome(0, 2, 2, 2, 1, 0.1),), part=None)
    journal.append("ledger", {"receipt": encode_receipt(receipt)})
    journal.close()
    found = tally(author.record, processes=1)

    assert (found.counts.succeeded, found.timeline.has_times) == (2, False)


def test_what_a_superseded_driver_writes_is_not_counted(author):
    old_journal, old = author.drive()
    new_journal, new = author.drive()
    new.add([Receipt(outcomes=(Outcome(0, 1, 1, 1, 1, 0.1),), part=None)])
    old.add([Receipt(outcomes=(Outcome(1, 1, 1, 1, 1, 0.1),), part=None)])
    old_journal.close()
    new_journal.close()

    assert tally(author.record, processes=1).counts.mini_batches == 1


def test_a_job_that_no_driver_has_begun_is_empty(author):
    found = tally(author.record, processes=1)

    assert (found.counts.mini_batches, found.drives) == (0, [])
    assert isinstance(Ledger(author.drive()[0]).counts.files, int)
