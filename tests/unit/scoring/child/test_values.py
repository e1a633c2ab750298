from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import uuid
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
import pytest

from framework.scoring.child.values import is_missing, native, text, unwrap


class Colour(enum.IntEnum):
    RED = 3


class Word(str, enum.Enum):  # noqa: UP042 - what Python 3.8 has
    YES = "yes"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a,b", "a,b"),
        (True, "True"),
        (np.True_, "True"),
        (7, "7"),
        (np.int8(7), "7"),
        (Colour.RED, "3"),
        (Word.YES, "yes"),
        (np.str_("x"), "x"),
        (0.1, "0.1"),
        (1e300, "1e+300"),
        (float("inf"), "inf"),
        (np.float64(0.1), "0.1"),
        (np.float32(0.1), "0.1"),
        (np.float16(0.1), "0.1"),
        (np.array([0.1, 2], dtype=np.float32), "[0.1, 2.0]"),
        (b"x\xc3\xa9", "xé"),
        (b"\xff", "\\xff"),
        (bytearray(b"x"), "x"),
        (dt.datetime.fromisoformat("2026-01-02T03:04:05"), "2026-01-02 03:04:05"),
        (dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "2026-01-02 00:00:00+00:00"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (pd.Timestamp("2026-01-02 03:04:05.123456789"), "2026-01-02 03:04:05.123456789"),
        (np.datetime64("2026-01-02T03:04:05"), "2026-01-02 03:04:05"),
        (np.datetime64("2026-01-02T03:04:05", "ns"), "2026-01-02 03:04:05"),
        (np.datetime64("2026-01-02T03:04:05.25"), "2026-01-02 03:04:05.250000"),
        (np.datetime64("2026-01-02T03:04:05.000000001"), "2026-01-02 03:04:05.000000001"),
        (decimal.Decimal("1.50"), "1.50"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (PurePosixPath("a/b"), "a/b"),
        ({"a": [1, None]}, '{"a": [1, null]}'),
        ({"é": float("nan")}, '{"é": null}'),
        ((1, 2), "[1, 2]"),
        pytest.param({"b", "a"}, '["a", "b"]', id="a-set"),  # its text differs in each process
        (pd.Series([1, 2]), "[1, 2]"),
        ({1: np.float32(0.1)}, '{"1": 0.1}'),
    ],
    ids=repr,
)
def test_a_value_has_one_text(value, expected):
    assert text(value) == expected


NOTHINGS = [
    None,
    float("nan"),
    np.float32("nan"),
    np.float64("nan"),
    pd.NA,
    pd.NaT,
    np.datetime64("NaT"),
    np.timedelta64("NaT"),
    decimal.Decimal("NaN"),
    decimal.Decimal("sNaN"),
]


@pytest.mark.parametrize("value", NOTHINGS, ids=repr)
def test_what_stands_for_nothing_is_empty_text_and_null(value):
    assert is_missing(unwrap(value))
    assert text(value) == ""
    assert native(value) is None


@pytest.mark.parametrize("value", [0, "", False, 0.0, [], {}, "NaN", np.int64(0)], ids=repr)
def test_zero_and_empty_are_values(value):
    assert not is_missing(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.float32(0.1), 0.1),
        (float("inf"), None),
        (np.float32("-inf"), None),
        (dt.datetime.fromisoformat("2026-01-02T03"), "2026-01-02T03:00:00"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (np.datetime64("2026-01-02T03:04:05"), "2026-01-02T03:04:05"),
        (b"x", "x"),
        (np.array([[1.0, np.nan]]), [[1.0, None]]),
        ({"a": (1, np.array(2))}, {"a": [1, 2]}),
        (Colour.RED, 3),
    ],
    ids=repr,
)
def test_a_value_is_what_json_can_hold(value, expected):
    found = native(value)
    assert found == expected
    assert type(found) is type(expected)
    assert json.loads(json.dumps(found, allow_nan=False)) == expected


def test_a_masked_cell_stands_for_nothing():
    array = np.ma.masked_array(np.array([0.5, 1.5], dtype=np.float32), mask=[False, True])
    assert native(array) == [0.5, None]
