from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from framework.outputs import unite
from framework.outputs.arrow_types import promote

COLUMN_SETS = st.lists(
    st.dictionaries(
        st.sampled_from("abcd"), st.sampled_from(["int64", "double", "large_string", "null"])
    ).map(lambda columns: tuple(columns.items()))
)


def test_the_union_is_in_first_seen_order():
    assert unite([[("b", ""), ("a", "")], [("c", ""), ("a", "")]], promote) == (
        ("b", ""),
        ("a", ""),
        ("c", ""),
    )


def test_types_are_promoted_column_by_column():
    assert unite([[("a", "int64"), ("b", "null")], [("a", "double"), ("b", "bool")]], promote) == (
        ("a", "double"),
        ("b", "bool"),
    )


def test_nothing_unites_to_nothing():
    assert unite([], promote) == ()


@given(COLUMN_SETS, st.integers(0))
def test_the_union_does_not_depend_on_how_mini_batches_are_grouped(sets, cut):
    cut %= len(sets) + 1
    grouped = [unite(sets[:cut], promote), unite(sets[cut:], promote)]
    assert unite(grouped, promote) == unite(sets, promote)
