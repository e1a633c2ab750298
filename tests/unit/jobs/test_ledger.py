from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.outcomes import (
    Assembled,
    Block,
    CallLimit,
    Counts,
    ExtraFile,
    Failure,
    FailureKind,
    Outcome,
    Part,
    Receipt,
    Stage,
)
from framework.jobs.ledger import (
    DoneSet,
    Intent,
    Ledger,
    decode_receipt,
    encode_receipt,
    read_receipts,
)

texts = st.text(st.characters(), max_size=8)  # lone surrogates too
counts = st.integers(0, 2**40)
failures = st.builds(
    Failure,
    files=st.lists(texts, max_size=3).map(tuple),
    count=counts,
    stage=st.sampled_from(Stage),
    kind=st.sampled_from(FailureKind),
    message=texts,
    traceback=texts,
    process_log=texts,
    tries=counts,
)
extras = st.builds(ExtraFile, texts, texts, counts, texts)
outcomes = st.builds(
    Outcome,
    index=counts,
    files=counts,
    succeeded=counts,
    rows=counts,
    tries=counts,
    seconds=st.floats(0, 1e9),
    length=counts,
    columns=st.integers(-1, 100),
    failures=st.lists(failures, max_size=2).map(tuple),
    extras=st.lists(extras, max_size=2).map(tuple),
    assembled=st.none()
    | st.builds(
        Assembled,
        st.lists(st.builds(Block, counts, counts, counts), max_size=3).map(tuple),
        st.floats(0, 1e9),
    ),
)
columns = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)
parts = st.builds(
    Part,
    name=texts,
    size=counts,
    rows=counts,
    sha256=texts,
    column_sets=st.lists(columns, max_size=3).map(tuple),
)
receipts = st.builds(
    Receipt,
    outcomes=st.lists(outcomes, max_size=4).map(tuple),
    part=st.none() | parts,
    returned=st.just(()),
    error=st.none(),
    stopped=st.lists(outcomes, max_size=2).map(tuple),
    call_limit=st.none() | st.builds(CallLimit, counts, counts),
)


@given(receipts)
def test_a_receipt_comes_back_from_its_line_as_it_was(receipt):
    line = json.dumps(encode_receipt(receipt))
    decoded = decode_receipt(json.loads(line))

    assert decoded == receipt
    assert all(isinstance(each, Outcome) for each in decoded.outcomes)


def test_a_line_from_before_mini_batches_were_split_is_read():
    failure = {
        "files": ["a"],
        "count": 1,
        "stage": "score",
        "kind": "crash",
        "message": "m",
        "traceback": "",
        "process_log": "l",
    }
    line = {"part": None, "outcomes": [[0, 2, 1, 1, 3, 0.5, 9, 0, [failure], []]]}
    (outcome,) = decode_receipt(line).outcomes
    assert (outcome.failed, outcome.failures[0].tries, outcome.assembled) == (1, 0, None)


def test_what_is_learnt_outlives_the_driver_and_what_was_stopped_is_not_counted(claim, outcome):
    ledger = Ledger(claim())
    stopped = outcome(1, files=2, failed=2, tries=5)
    isolated = outcome(0, files=4, failed=1)._replace(assembled=Assembled((), 1.5))
    for limit in (CallLimit(8, 16), CallLimit(4, 8), CallLimit(6, 12)):
        ledger.add([Receipt(outcomes=(isolated,), part=None, call_limit=limit)])
    ledger.add([Receipt(outcomes=(), part=None, stopped=(stopped,))])
    again = Ledger(claim())

    assert (again.call_limit, again.isolated_s) == (CallLimit(4, 8), 1.5)
    assert (ledger.counts.failed, again.counts.failed) == (3, 1)
    assert again.has_failures


def test_a_line_of_a_full_success_is_short():
    outcome = Outcome(123_456, 10, 10, 10, 1, 0.123456, 1_000, 0)
    line = json.dumps(encode_receipt(Receipt(outcomes=(outcome,) * 1_000, part=None)))

    assert len(line) < 60_000


@given(st.lists(st.integers(0, 3_000)))
def test_a_set_of_done_mini_batches_is_a_set(indices):
    done, plain = DoneSet(), set()
    for index in indices:
        assert done.add(index) == (index not in plain)
        plain.add(index)

    assert len(done) == len(plain)
    assert all(index in done for index in plain)
    assert all((index in done) == (index in plain) for index in range(3_100))


def test_counts_come_back_after_a_restart(claim, outcome):
    ledger = Ledger(claim())
    ledger.add([Receipt(outcomes=(outcome(0, files=10, rows=10), outcome(2, failed=1)), part=None)])
    ledger.add([Receipt(outcomes=(outcome(1, files=3, failed=2, tries=3, rows=1),), part=None)])

    again = Ledger(claim())
    assert again.counts == ledger.counts
    assert ledger.counts == Counts(
        succeeded=11, failed=3, rows=11, tries=5, mini_batches=3, files=0
    )
    assert again.has_failures is ledger.has_failures is True
    assert [index in again.done for index in range(4)] == [True, True, True, False]


def test_of_a_mini_batch_the_first_outcome_counts(claim, outcome):
    ledger = Ledger(claim())
    ledger.add([Receipt(outcomes=(outcome(0, rows=1),), part=None)])
    ledger.add([Receipt(outcomes=(outcome(0, failed=1), outcome(1, rows=5)), part=None)])

    for each in (ledger, Ledger(claim())):
        assert (each.counts.succeeded, each.counts.failed, each.counts.rows) == (2, 0, 6)
        assert each.counts.mini_batches == 2
        assert each.has_failures is False


def test_an_empty_ledger_counts_nothing(claim):
    ledger = Ledger(claim())

    assert ledger.counts == Counts()
    assert (ledger.has_failures, ledger.has_extras, ledger.intents) == (False, False, [])


def test_a_ledger_knows_of_extra_files(claim):
    extra = ExtraFile("a.png", "extras/a.png", 1, "ab")
    Ledger(claim()).add(
        [Receipt(outcomes=(Outcome(0, 1, 1, 0, 1, 0.1, extras=(extra,)),), part=None)]
    )

    assert Ledger(claim()).has_extras is True


def test_intents_of_all_drivers_come_back(claim):
    intents = [Intent(f"/out/{n}.csv", f"1:{n}", "ab", 3, 1, ".staged") for n in range(2)]
    for intent in intents:
        Ledger(claim()).add_intent(intent)

    assert Ledger(claim()).intents == intents


def test_receipts_are_durable_before_they_are_counted(claim, outcome, monkeypatch):
    journal = claim()
    ledger = Ledger(journal)
    seen = []

    def sync(log: str) -> None:
        seen.append(ledger.counts.succeeded)
        raise OSError("power cut")

    monkeypatch.setattr(journal, "sync", sync)
    with pytest.raises(OSError, match="power cut"):
        ledger.add([Receipt(outcomes=(outcome(0),), part=None)])
    assert seen == [0]
    assert ledger.counts.succeeded == 0


def test_receipts_are_read_in_the_order_they_came(record, claim, outcome):
    ledger = Ledger(claim())
    sent = [Receipt(outcomes=(outcome(index),), part=None) for index in (5, 1, 3)]
    ledger.add(sent[:2])
    ledger.add_end("Failed", "why")
    Ledger(claim()).add(sent[2:])

    assert list(read_receipts(record)) == sent


@given(
    st.lists(
        st.lists(st.integers(0, 30), max_size=8)
        | st.integers(0, 30).map(lambda n: [*range(n, n + 5)])
    )
)
def test_adding_many_at_once_is_adding_each(batches):
    one, many = DoneSet(), DoneSet()
    for batch in batches:
        assert many.add_each(batch) == [one.add(index) for index in batch]

    assert len(many) == len(one)
    assert [index in many for index in range(50)] == [index in one for index in range(50)]


def written(record) -> list[dict]:
    (segment,) = sorted(Path(record.url("ledger")).iterdir())[-1:]
    return [json.loads(line) for line in segment.read_text().splitlines()]


def test_a_line_says_when_it_was_written_in_seconds_since_the_driver_began(record, claim, outcome):
    moments = iter([100.0, 101.25, 104.5])
    ledger = Ledger(claim(), clock=lambda: next(moments))
    ledger.add([Receipt(outcomes=(outcome(index),), part=None) for index in range(2)])
    ledger.add_end("Completed", None)

    assert [line.get("at") for line in written(record)] == [None, 1.25, 1.25, 4.5]


def test_a_line_that_says_no_time_is_read_as_well(record, claim, outcome):
    journal = claim()
    receipt = Receipt(outcomes=(outcome(0),), part=None)
    journal.append("ledger", {"receipt": encode_receipt(receipt)})

    assert list(read_receipts(record)) == [receipt]
    assert len(Ledger(claim()).done) == 1
