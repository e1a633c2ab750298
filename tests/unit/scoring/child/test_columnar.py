from __future__ import annotations

import datetime as dt
import decimal
import uuid

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.outputs.columns import decode_columns
from framework.scoring.child.columnar import to_arrow, to_json
from framework.scoring.child.results import tabulate

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.datetimes(timezones=st.none() | st.just(dt.UTC)).map(lambda value: value.replace(fold=0))
    | st.dates()
    | st.times().map(lambda value: value.replace(fold=0))
    | st.timedeltas()
    | st.decimals(allow_nan=False),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.just("$") | st.integers(), inner)
    ),
    max_leaves=8,
)


def exact(value):
    """Equal only for equal values of equal types."""
    if isinstance(value, list):
        return [exact(item) for item in value]
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    return (type(value).__name__, repr(value))


@given(st.lists(VALUES))
def test_plain_columns_keep_every_value_and_its_type(cells):
    names, rows = decode_columns(to_json(tabulate([[cell] for cell in cells], [])))
    assert names == (["prediction_0"] if cells else [])
    assert exact(rows) == exact([[cell] for cell in cells])


def test_plain_columns_tell_nan_from_null_and_know_numpy():
    result = [[float("nan"), None, np.float32(0.1), np.int8(3), np.bool_(True), pd.NA]]
    _, rows = decode_columns(to_json(tabulate(result, [])))
    assert repr(rows) == "[[nan, None, 0.1, 3, True, None]]"


def test_plain_columns_keep_numpys_times():
    times = [
        np.datetime64("2026-01-02T03", "ns"),
        np.datetime64("2026-01-02"),
        np.datetime64("NaT"),
    ]
    _, rows = decode_columns(to_json(tabulate([times], [])))
    assert rows == [[dt.datetime.fromisoformat("2026-01-02T03"), dt.date(2026, 1, 2), None]]


def test_plain_columns_fill_short_rows():
    assert decode_columns(to_json(tabulate([[1], [2, 3]], []))) == (
        ["prediction_0", "prediction_1"],
        [[1, None], [2, 3]],
    )


def arrow(result, files=()):
    data, columns = to_arrow(tabulate(result, list(files)), result)
    table = pa.ipc.open_stream(data).read_all()
    assert [[field.name, str(field.type)] for field in table.schema] == columns
    return table


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None], "int64"),
        ([1, 2.5], "double"),
        ([0.5, float("nan")], "double"),
        (["a", None], "large_string"),
        ([b"a"], "large_binary"),
        ([True], "bool"),
        ([None], "null"),
        ([dt.date(2026, 1, 2)], "date32[day]"),
        ([dt.datetime(2026, 1, 2, tzinfo=dt.UTC)], "timestamp[us, tz=UTC]"),
        ([[1.5, 2.5], [3.5]], "list<item: double>"),
        ([np.array([1.5]), None], "list<item: double>"),
        ([decimal.Decimal("1.25")], "decimal128(3, 2)"),
        ([np.float32(0.1)], "float"),
        ([1, "a"], "large_string"),
        ([{"a": 1}], "large_string"),
        ([2**70], "large_string"),
        ([uuid.UUID(int=1)], "large_string"),
        (["\udcff"], "large_string"),
    ],
    ids=repr,
)
def test_a_column_has_the_type_of_its_values_or_is_text(values, kind):
    table = arrow([{"x": value} for value in values])
    assert str(table.schema.field("x").type) == kind


def test_values_without_a_common_type_have_the_text_that_tables_show():
    values = [1, "a", 0.1, None, True, {"k": [1]}, b"x"]
    table = arrow([{"x": value} for value in values])
    assert table["x"].to_pylist() == ["1", "a", "0.1", None, "True", '{"k": [1]}', "x"]


def test_a_frame_keeps_its_columns_types():
    frame = pd.DataFrame(
        {
            "f": np.array([0.5, np.nan], dtype=np.float32),
            "i": pd.array([1, None], dtype="Int16"),
            "c": pd.Categorical(["x", "y"]),
            "t": pd.to_datetime(["2026-01-02", None]),
            "s": ["a", None],
            "h": np.array([0.5, 1], dtype=np.float16),
            "p": pd.PeriodIndex(["2026-01", "2026-02"], freq="M"),
        }
    )
    table = arrow(frame)
    types = {field.name: str(field.type).split("[")[0] for field in table.schema}
    assert types == {
        "f": "float",
        "i": "int16",
        "c": "large_string",
        "t": "timestamp",
        "s": "large_string",
        "h": "float",
        "p": "large_string",
    }
    assert table["p"].to_pylist() == ["2026-01", "2026-02"]
    assert table["f"].to_pylist() == [0.5, None]


def test_zero_dimensional_arrays_in_a_column_are_numbers():
    assert arrow([{"x": np.array(1.5)}, {"x": np.array(2.5)}])["x"].to_pylist() == [1.5, 2.5]


def test_scalars_and_short_rows_fill_their_columns():
    assert arrow([1, 2], ["a", "b"]).to_pylist() == [
        {"file": "a", "prediction": 1},
        {"file": "b", "prediction": 2},
    ]
    assert arrow([[1], [2, 3]]).to_pylist() == [
        {"prediction_0": 1, "prediction_1": None},
        {"prediction_0": 2, "prediction_1": 3},
    ]


@pytest.mark.parametrize("result", [[], pd.DataFrame(), pd.DataFrame({"a": []})])
def test_no_rows_are_an_empty_batch(result):
    assert arrow(result).num_rows == 0
