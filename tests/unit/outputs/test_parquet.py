from __future__ import annotations

import datetime as dt
import decimal
import io
import logging
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from framework.outputs import Block
from framework.outputs import parquet as module
from framework.outputs.parquet import ParquetFormat
from framework.scoring.child.values import is_missing

VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats()
    | st.floats(width=32).map(np.float32)
    | st.text()
    | st.binary()
    | st.datetimes(timezones=st.none() | st.just(dt.UTC))
    | st.dates()
    | st.times()
    | st.timedeltas(dt.timedelta(-1000), dt.timedelta(1000))
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.lists(st.integers() | st.floats() | st.text())
    | st.dictionaries(st.text(), st.integers())
)


def read(data):
    return pq.read_table(io.BytesIO(data))


def test_rows_come_back_in_order_with_their_types(encode, join):
    output = ParquetFormat()
    blocks = [encode(output, [{"a": n, "b": f"ü{n}\n"}]) for n in range(3)]
    data, counts = join(output, blocks)
    table = read(data)
    assert table.to_pylist() == [{"a": n, "b": f"ü{n}\n"} for n in range(3)]
    assert str(table.schema.field("a").type) == "int64"
    assert counts == [1, 1, 1]


def test_pandas_reads_back_what_a_frame_held(encode, join):
    output = ParquetFormat()
    frame = pd.DataFrame(
        {
            "text": ["plain", 'quo"te', "line\nfeed", None, "nul\0", "日本"],
            "number": [0.1, 1e300, -0.0, 1 / 3, None, 5e-324],
            "short": np.array([0.1, 1 / 3, 1e-9, 3.4e38, 0, 1], dtype=np.float32),
            "whole": [0, -1, 2**62, 3, 4, 5],
            "truth": [True, False] * 3,
            "time": pd.to_datetime(["2026-01-02 03:04:05.000006"] * 6),
            "zoned": pd.to_datetime(["2026-01-02 03:04:05"] * 6, utc=True),
        }
    )
    data, counts = join(output, [encode(output, frame[:2]), encode(output, frame[2:])])
    back = pd.read_parquet(io.BytesIO(data))
    pd.testing.assert_frame_equal(back, frame, check_dtype=False)
    assert back["short"].dtype == np.float32
    assert counts == [2, 4]


def test_columns_that_differ_become_the_union(encode, join):
    output = ParquetFormat()
    blocks = [encode(output, [{"b": 1}]), encode(output, [{"a": "x"}, {"b": 2.5}])]
    assert read(join(output, blocks)[0]).to_pylist() == [
        {"b": 1.0, "a": None},
        {"b": None, "a": "x"},
        {"b": 2.5, "a": None},
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([None, 1], [None, 1]),
        ([1, 0.5], [1.0, 0.5]),
        ([1, "a", 0.1, True, None], ["1", "a", "0.1", "True", None]),
        ([np.float32(0.1), "a"], ["0.1", "a"]),
        ([b"\xff", "a"], ["\\xff", "a"]),
        ([[1], [0.5], []], [[1.0], [0.5], []]),
        ([[1], "a"], ["[1]", "a"]),
        ([{"a": 1}, {"b": 2}], ['{"a": 1}', '{"b": 2}']),
        ([dt.date(2026, 1, 2), "a"], ["2026-01-02", "a"]),
        ([dt.datetime(2026, 1, 2, tzinfo=dt.UTC), 1], ["2026-01-02 00:00:00+00:00", "1"]),
        ([decimal.Decimal("1.5"), decimal.Decimal("22.25")], [1.5, 22.25]),
        ([2**63 + 5, -1], ["9223372036854775813", "-1"]),
    ],
    ids=repr,
)
def test_types_that_differ_between_mini_batches_meet(values, expected, encode, join):
    output = ParquetFormat()
    data, counts = join(output, [encode(output, [{"x": value}]) for value in values])
    assert read(data)["x"].to_pylist() == expected
    assert counts == [1] * len(values)


def test_a_warning_names_the_column_that_became_text_once(encode, join, caplog):
    output = ParquetFormat()
    blocks = [encode(output, [{"x": n, "y": n}]) for n in (1, 2, "a")]
    with caplog.at_level(logging.WARNING):
        join(output, blocks)
    assert [record.args for record in caplog.records] == [("x",), ("y",)]


def test_columns_that_are_always_text_warn_nobody(encode, join, caplog):
    output = ParquetFormat()
    join(output, [encode(output, [{"x": value}]) for value in ("a", None)])
    assert caplog.records == []


@given(values=st.lists(VALUES, max_size=6), has_pyarrow=st.booleans())
@example(values=[np.float32("nan")], has_pyarrow=True)
@settings(max_examples=300, deadline=None)
def test_finalizing_never_fails_for_types(values, has_pyarrow, encode, join):
    output = ParquetFormat()
    blocks = [encode(output if has_pyarrow else Plain(), [{"x": value}]) for value in values]
    data, counts = join(output, blocks)
    table = read(data)
    assert counts == [1] * len(values)
    assert table.num_rows == len(values)
    missing = [is_missing(value) for value in values]
    assert [chunk is None for chunk in column_cells(table)] == missing


class Plain(ParquetFormat):
    """As an instance sees scorer processes that have no pyarrow."""

    @property
    def child_encoding(self):
        return {"kind": "columns"}


def column_cells(table):
    if not table.column_names:
        return []
    return [None if not cell.is_valid else cell for cell in table["x"]]


def test_scorer_processes_without_pyarrow_give_the_same_table(encode, join):
    result = [{"a": 1, "b": "x", "c": 0.5, "d": [1.5], "e": b"x", "f": {"k": 1}, "g": None}]
    with_arrow = join(ParquetFormat(), [encode(ParquetFormat(), result)])[0]
    block = encode(Plain(), result)
    assert join(ParquetFormat(), [block])[0] == with_arrow


def test_no_blocks_are_an_empty_table(join):
    data, counts = join(ParquetFormat(), [])
    assert (read(data).shape, counts) == ((0, 0), [])
    target = io.BytesIO()
    assert list(ParquetFormat().join((("a", "int64"),), [], target)) == []
    assert str(read(target.getvalue()).schema.field("a").type) == "int64"


def test_blocks_without_rows_add_none(encode, join):
    output = ParquetFormat()
    blocks = [
        encode(output, []),
        encode(output, [{"a": 1}]),
        encode(output, pd.DataFrame({"b": []})),
    ]
    data, counts = join(output, blocks)
    assert counts == [0, 1, 0]
    assert read(data).num_rows == 1


@pytest.mark.parametrize("batch", [1, 3, 7, 50])
def test_row_groups_are_full_and_bytes_equal_whatever_the_mini_batches(
    batch, encode, join, monkeypatch
):
    monkeypatch.setattr(module, "_ROW_GROUP_ROWS", 16)
    monkeypatch.setattr(module, "_BATCHES_HELD", 4)
    output = ParquetFormat()
    records = [{"a": n, "b": None if n % 3 else "x" * n} for n in range(50)]
    records[0]["b"] = "x"
    whole, _ = join(output, [encode(output, records)])
    batches = [records[start : start + batch] for start in range(0, 50, batch)]
    data, counts = join(output, [encode(output, batch) for batch in batches])
    assert data == whole
    assert sum(counts) == 50
    layout = pq.ParquetFile(io.BytesIO(data)).metadata
    assert [layout.row_group(n).num_rows for n in range(layout.num_row_groups)] == [16, 16, 16, 2]


def test_large_rows_end_a_row_group_by_their_bytes(encode, join, monkeypatch):
    monkeypatch.setattr(module, "_ROW_GROUP_BYTES", 10_000)
    output = ParquetFormat()
    data, _ = join(output, [encode(output, [{"a": str(n) * 6_000}]) for n in range(4)], 4096)
    assert pq.ParquetFile(io.BytesIO(data)).metadata.num_row_groups == 2


def test_a_failure_half_way_leaves_no_whole_file(encode, monkeypatch):
    output = ParquetFormat()
    block = encode(output, [{"a": 1}])

    def blocks():
        yield Block(block.columns, iter([block.data]))
        raise OSError("the disk went away")

    target = io.BytesIO()
    with pytest.raises(OSError, match="went away"):
        list(output.join(block.columns, blocks(), target))
    with pytest.raises(pa.ArrowInvalid):
        read(target.getvalue())


def test_nothing_of_ours_imports_pyarrow_before_it_is_used():
    code = "import sys, framework.outputs.parquet; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
