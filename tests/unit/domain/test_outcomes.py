from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st

from framework.domain.outcomes import (
    Counts,
    ExtraFile,
    Failure,
    FailureKind,
    Outcome,
    Part,
    Receipt,
    Stage,
)


@st.composite
def an_outcome(draw):
    files = draw(st.integers(1, 20))
    return Outcome(
        index=draw(st.integers(0, 99)),
        files=files,
        succeeded=draw(st.integers(0, files)),
        rows=draw(st.integers(0, 50)),
        tries=draw(st.integers(1, 4)),
        seconds=0.5,
    )


@given(st.lists(an_outcome()), st.integers(0, 500))
def test_every_file_has_succeeded_failed_or_not_been_attempted(outcomes, more):
    counts = Counts(files=sum(outcome.files for outcome in outcomes) + more)
    counts.add(outcomes)

    assert counts.not_attempted == more
    assert counts.files == counts.succeeded + counts.failed + counts.not_attempted
    assert counts.mini_batches == len(outcomes)
    assert counts.rows == sum(outcome.rows for outcome in outcomes)
    assert counts.tries == sum(outcome.tries for outcome in outcomes)


@given(st.lists(an_outcome(), max_size=10), st.integers(0, 10))
def test_counts_do_not_depend_on_how_outcomes_come(outcomes, place):
    at_once, in_two = Counts(), Counts()
    at_once.add(outcomes)
    in_two.add(outcomes[place:])
    in_two.add(outcomes[:place])

    assert at_once == in_two


def test_files_that_did_not_succeed_failed():
    outcome = Outcome(index=0, files=10, succeeded=7, rows=7, tries=1, seconds=0.1)

    assert outcome.failed == 3


def test_a_receipt_survives_pickling():
    failure = Failure(
        files=("a",), count=1, stage=Stage.SCORE, kind=FailureKind.TIMEOUT, message="late"
    )
    extra = ExtraFile("a.png", "extras/0/a.png", 3, "ab")
    part = Part(name="p", size=1, rows=1, sha256="cd", column_sets=((("x", ""),),))
    outcome = Outcome(0, 2, 1, 1, 3, 0.5, 1, 0, (failure,), (extra,))
    receipt = Receipt(outcomes=(outcome,), part=part, returned=(4,))

    assert pickle.loads(pickle.dumps(receipt)) == receipt
