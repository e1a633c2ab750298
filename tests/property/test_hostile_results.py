"""Whatever a scorer returns becomes rows that any reader of the format reads, or an error."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import io
import json
import os

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.outputs import Block, decode_columns, unite
from framework.outputs.jsonl import JsonlFormat
from framework.outputs.parquet import ParquetFormat
from framework.outputs.text import CsvFormat, TsvFormat
from framework.scoring.child.encoding import make_encoder
from framework.scoring.child.failures import FailureTeller
from framework.scoring.child.results import UnsupportedResultError, tabulate

FORMATS = [CsvFormat(), TsvFormat(), JsonlFormat(), ParquetFormat()]
FILES = ["a/b.txt", "c d.txt", "é\n.txt"]


class Odd:
    """A value that has nothing to say."""

    def __repr__(self) -> str:
        return "<odd>"


def circle() -> list:
    made: list = []
    made.append(made)
    return made


texts = st.text(st.characters(), max_size=8) | st.sampled_from(
    ["", "\0", "\n", "\r", "\r\n", '"', '""', ",", "\t", "\udcff", "\ud83d", "\u2028", "=1+1", "é"]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.complex_numbers(max_magnitude=10)
    | texts
    | st.binary(max_size=8)
    | st.datetimes(timezones=st.none() | st.just(dt.UTC))
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.builds(np.float32, st.floats(width=32))
    | st.builds(np.int64, st.integers(-(2**63), 2**63 - 1))
    | st.builds(np.datetime64, st.datetimes())
    | st.builds(np.array, st.integers(0, 9))
    | st.sampled_from([pd.NA, pd.NaT, np.nan, Odd(), Odd, float, decimal.Decimal("NaN"), b"\xff"])
)
keys = texts | st.integers() | st.none() | st.booleans() | st.floats() | st.tuples(texts, texts)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(keys, inner, max_size=3)
        | st.sets(texts | st.integers(), max_size=3)
        | st.builds(lambda items: (item for item in items), st.lists(texts, max_size=2))
        | st.builds(lambda n: np.zeros((n, 2)), st.integers(0, 2))
        | st.lists(st.builds(np.datetime64, st.datetimes()), max_size=2).map(np.array)
        | st.lists(scalars, max_size=2).map(lambda items: np.array([*items, None], object))
    ),
    max_leaves=6,
)
frames = st.builds(
    lambda rows, names: pd.DataFrame(
        {place: pd.Series([row[place] for row in rows], dtype=object) for place in range(2)}
    ).set_axis(pd.Index(names, dtype=object, tupleize_cols=False), axis=1),
    st.lists(st.tuples(scalars, scalars), max_size=3),
    st.tuples(keys, keys).map(list) | texts.map(lambda name: [name, name]),
)
results = (
    st.lists(values, max_size=4)
    | st.lists(scalars, min_size=3, max_size=3)
    | st.lists(st.dictionaries(keys, values, max_size=3), max_size=3)
    | frames
    | values
)


def written(output, result) -> tuple[bytes, int]:
    """The output of one mini-batch, and how many rows were counted."""
    encoder = make_encoder(output.child_encoding)
    table = tabulate(result, FILES)
    encoded = encoder.encode(table, result)
    if encoder.kind == "columns":
        encoded = output.encode(*decode_columns(encoded.data))
    columns = tuple((name, kind) for name, kind in encoded.columns)
    target = io.BytesIO()
    block = Block(columns, iter([encoded.data]))
    counted = list(output.join(unite([columns], output.promote), [block], target))
    assert counted == [len(table.rows)]
    return target.getvalue(), len(table.rows)


def read_back(output, data: bytes) -> int:
    """How many rows a stranger's reader finds in an output."""
    if isinstance(output, ParquetFormat):
        return pq.read_table(io.BytesIO(data)).num_rows
    text = data.decode("utf-8")
    if isinstance(output, JsonlFormat):
        lines = text.split("\n")[:-1]
        assert all(isinstance(json.loads(line), dict) for line in lines)
        return len(lines)
    separator = "\t" if isinstance(output, TsvFormat) else ","
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    assert len({len(row) for row in rows}) <= 1
    return max(0, len(rows) - 1)


@pytest.mark.parametrize("output", FORMATS, ids=lambda output: output.suffixes[0])
@settings(max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")))
@given(result=results)
def test_a_result_is_read_back_row_for_row_or_refused_by_name(output, result):
    try:
        data, rows = written(output, result)
    except UnsupportedResultError as error:
        told = FailureTeller("", "").describe(error, "encode")
        assert told["message"].startswith("run() returned ")
        return
    assert read_back(output, data) == rows


@pytest.mark.parametrize("output", FORMATS, ids=lambda output: output.suffixes[0])
@pytest.mark.parametrize("result", [[circle()], [{"a": circle()}], circle()])
def test_what_holds_itself_is_an_error_and_no_hang(output, result):
    with pytest.raises((RecursionError, ValueError, UnsupportedResultError)):
        written(output, result)


@pytest.mark.parametrize(
    "column",
    [
        [np.datetime64("2020-01-01"), np.int64(1), None],
        [[np.datetime64("2020-01-01"), np.float32(1)], []],
        [{"a": np.datetime64("2020-01-01"), "b": np.float32(1)}],
        [[np.datetime64("2020-01-01")], np.zeros(2)],
        [np.array(["2020-01-01"], "M8[D]"), [np.int64(1)]],
        [np.array([np.datetime64("2020-01-01")], object), np.zeros(0)],
        [{np.datetime64("2020-01-01")}, np.zeros(2)],
        [{"a": np.datetime64("2020-01-01")}.values(), np.zeros(2)],
    ],
)
def test_what_crashes_pyarrow_is_text(column):
    for result in ([{"a": value} for value in column], pd.DataFrame({"a": column}, dtype=object)):
        data, rows = written(ParquetFormat(), result)
        assert rows == len(column)
        assert "2020-01-01" in str(pq.read_table(io.BytesIO(data))["a"][0])
