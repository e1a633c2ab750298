from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.outputs.arrow_types import parse_type, promote

KINDS = [
    "null",
    "bool",
    "int8",
    "int64",
    "uint8",
    "uint64",
    "float",
    "double",
    "large_string",
    "large_binary",
    "date32[day]",
    "time64[us]",
    "timestamp[s]",
    "timestamp[us]",
    "timestamp[ns]",
    "timestamp[us, tz=UTC]",
    "timestamp[us, tz=Europe/Berlin]",
    "duration[us]",
    "decimal128(3, 2)",
    "decimal128(38, 0)",
    "list<item: int64>",
    "list<item: null>",
    "list<item: list<item: double>>",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_types_text_stands_for_the_type(kind):
    assert str(parse_type(kind)) == kind


@pytest.mark.parametrize("kind", ["struct<a: int64>", "extension<uuid>", "", "nonsense"])
def test_what_is_no_known_type_is_text(kind):
    assert parse_type(kind) == pa.large_string()


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("null", "int64", "int64"),
        ("int8", "int64", "int64"),
        ("uint8", "uint64", "uint64"),
        ("int8", "uint32", "int64"),
        ("int64", "uint64", "large_string"),
        ("int64", "double", "double"),
        ("float", "double", "double"),
        ("int8", "float", "double"),
        ("bool", "int64", "large_string"),
        ("large_string", "int64", "large_string"),
        ("large_string", "large_binary", "large_string"),
        ("binary", "large_binary", "large_binary"),
        ("timestamp[s]", "timestamp[us]", "timestamp[us]"),
        ("timestamp[ms, tz=UTC]", "timestamp[us, tz=UTC]", "timestamp[us, tz=UTC]"),
        ("timestamp[us]", "timestamp[us, tz=UTC]", "large_string"),
        ("timestamp[us]", "timestamp[ns]", "large_string"),
        ("decimal128(3, 2)", "decimal128(3, 1)", "decimal128(4, 2)"),
        ("decimal128(38, 0)", "decimal128(3, 2)", "large_string"),
        ("list<item: int64>", "list<item: double>", "list<item: double>"),
        ("list<item: null>", "list<item: large_string>", "list<item: large_string>"),
        ("list<item: int64>", "list<item: string>", "large_string"),
        ("list<item: int64>", "int64", "large_string"),
    ],
)
def test_the_type_for_both_holds_the_values_of_both(left, right, expected):
    assert promote(left, right) == expected
    assert promote(right, left) == expected


@given(st.sampled_from(KINDS), st.sampled_from(KINDS))
def test_what_was_promoted_needs_no_more_promotion(left, right):
    both = promote(left, right)
    assert promote(both, left) == promote(both, right) == promote(both, both) == both
