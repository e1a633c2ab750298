from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from framework.domain.idleness import Idleness

ALL = ("a", "b", "c", "d")


def test_who_has_had_no_work_for_so_long_may_go():
    idleness = Idleness(120.0)
    assert idleness.due(["a"], there=ALL, now=1000.0) == []
    assert idleness.due(["a", "b"], there=ALL, now=1119.0) == []
    assert idleness.due(["a", "b"], there=ALL, now=1120.0) == ["a"]


def test_who_had_work_meanwhile_begins_anew():
    idleness = Idleness(10.0)
    idleness.due(["a"], there=ALL, now=0.0)
    idleness.due([], there=ALL, now=9.0)
    assert idleness.due(["a"], there=ALL, now=11.0) == []
    assert idleness.due(["a"], there=ALL, now=21.0) == ["a"]


def test_so_many_stay_and_those_go_first_that_have_waited_longest():
    idleness = Idleness(10.0, least=2)
    idleness.due(["c"], there=ALL, now=0.0)
    idleness.due(["a", "b", "c"], there=ALL, now=1.0)
    assert idleness.due(["a", "b", "c"], there=ALL, now=50.0) == ["c", "a"]
    assert idleness.due(["a", "b"], there=["a", "b"], now=51.0) == []


def test_somebody_stays_whatever_the_least_is():
    assert Idleness(0.0, least=0).due(["a"], there=["a"], now=0.0) == []


def test_without_patience_nobody_goes():
    idleness = Idleness(None)
    assert idleness.due(ALL, there=ALL, now=1e9) == []
    assert idleness.wait_s(there=ALL, now=1e9) is None


def test_the_next_look_is_when_somebody_is_due():
    idleness = Idleness(10.0)
    assert idleness.wait_s(there=ALL, now=0.0) is None
    idleness.due(["a"], there=ALL, now=5.0)
    idleness.due(["a", "b"], there=ALL, now=8.0)
    assert idleness.wait_s(there=ALL, now=9.0) == 6.0
    assert idleness.wait_s(there=["a"], now=9.0) is None


@given(
    looks=st.lists(st.tuples(st.sets(st.sampled_from(ALL)), st.integers(0, 30)), max_size=20),
    patience=st.integers(0, 40),
    least=st.integers(0, 5),
)
def test_nobody_goes_early_and_never_too_many(looks, patience, least):
    idleness, there, now = Idleness(float(patience), least), set(ALL), 0.0
    worked_at = dict.fromkeys(ALL, 0.0)
    for idle, seconds in looks:
        now += seconds
        worked_at |= dict.fromkeys(there - idle, now)
        gone = idleness.due(sorted(idle & there), there=there, now=now)
        assert all(now - worked_at[each] >= patience for each in gone)
        there -= set(gone)
        assert len(there) >= min(4, max(1, least))
        wait_s = idleness.wait_s(there=there, now=now)
        assert wait_s is None or wait_s >= 0
