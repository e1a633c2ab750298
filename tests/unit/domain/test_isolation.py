from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.isolation import Isolation, Verdict, judge
from framework.domain.outcomes import FailureKind

KINDS = [FailureKind.EXCEPTION, FailureKind.TIMEOUT, FailureKind.CRASH, FailureKind.MEMORY]


def isolate(files, bad, *, kind_of, pick=lambda count: 0, most=None):
    """Takes a mini-batch apart whose bad files fail every call that they are in.

    Returns the plan, the calls made, how many of them failed, and the files in the order of rows.
    """
    plan = Isolation()
    waiting = plan.begin(range(files), most=most)
    calls, failing, kept = 0, 0, {}
    while waiting:
        piece = waiting.pop(pick(len(waiting)))
        calls += 1
        guilty = sorted(bad & set(piece.places))
        failing += bool(guilty)
        if not guilty:
            kept[piece.places[0]] = piece.places
            waiting += plan.succeed(piece)
        elif len(piece.places) == 1:
            waiting += plan.fail(piece)
        else:
            waiting += plan.split(piece, kind_of[guilty[0]], 1)
    rows = [place for first in sorted(kept) for place in kept[first]]
    return plan, calls, failing, rows


@given(st.data())
def test_exactly_the_bad_files_fail_and_the_others_keep_their_order(data):
    files = data.draw(st.integers(1, 200))
    bad = data.draw(st.sets(st.integers(0, files - 1)))
    kind_of = {place: data.draw(st.sampled_from(KINDS)) for place in bad}
    most = data.draw(st.none() | st.integers(1, files))
    chance = random.Random(data.draw(st.integers()))
    plan, calls, _, rows = isolate(files, bad, kind_of=kind_of, pick=chance.randrange, most=most)
    assert plan.failed == bad
    assert rows == [place for place in range(files) if place not in bad]
    assert plan.is_complete
    pieces = -(-files // (most or files))
    assert calls <= pieces + files + 6 * pieces  # never more than one by one, and six a piece


def test_one_bad_file_of_a_hundred_is_found_in_fourteen_calls():
    for place in range(100):
        _, calls, _, _ = isolate(100, {place}, kind_of={place: FailureKind.EXCEPTION})
        assert calls <= 1 + 14


def test_where_much_is_bad_files_go_one_by_one():
    bad = set(range(100))
    _, calls, failing, _ = isolate(100, bad, kind_of=dict.fromkeys(bad, FailureKind.CRASH))
    assert calls == failing == 1 + 2 + 4 + 100


def test_a_file_that_hangs_costs_one_more_timeout_and_no_more():
    for bad in ({5}, {5, 50, 99}, set(range(100))):
        kinds = dict.fromkeys(bad, FailureKind.TIMEOUT)
        _, _, failing, _ = isolate(100, bad, kind_of=kinds)
        assert failing == 1 + len(bad)


def test_files_are_too_many_for_memory_only_where_none_of_them_fails_alone():
    plan = Isolation()
    (whole,) = plan.begin(range(10))
    left, right = plan.split(whole, FailureKind.MEMORY, 1)
    assert plan.succeed(left) == []
    assert plan.succeed(right) == []
    assert plan.learnt == (5, 10)

    kinds = {3: FailureKind.MEMORY}
    plan, *_ = isolate(10, {3}, kind_of=kinds)
    assert plan.learnt is None


@pytest.mark.parametrize("kind", [FailureKind.CRASH, FailureKind.MEMORY])
def test_no_file_is_blamed_for_the_end_of_a_process_that_others_had_used(kind):
    known = {"tries": 9, "max_tries": 1, "is_trial": True, "isolates": True, "files": 1}
    assert judge(kind, was_fresh=False, **known) is Verdict.AGAIN_FRESH
    assert judge(kind, was_fresh=True, **known) is Verdict.FAIL


def test_tries_are_used_up_before_a_mini_batch_is_split_unless_it_ran_out_of_memory():
    known = {"files": 4, "max_tries": 3, "is_trial": False, "was_fresh": True}
    for kind, again in (
        (FailureKind.EXCEPTION, Verdict.AGAIN),
        (FailureKind.TIMEOUT, Verdict.AGAIN),
        (FailureKind.CRASH, Verdict.AGAIN_FRESH),
    ):
        assert judge(kind, tries=2, isolates=True, **known) is again
        assert judge(kind, tries=3, isolates=True, **known) is Verdict.SPLIT
        assert judge(kind, tries=3, isolates=False, **known) is Verdict.FAIL
    for isolates in (True, False):
        verdict = judge(FailureKind.MEMORY, tries=1, isolates=isolates, **known)
        assert verdict is Verdict.SPLIT
