from __future__ import annotations

import csv
import io
import itertools
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.outputs import Block
from framework.outputs.text import AzureMLFormat, CsvFormat, TsvFormat

CELLS = (
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
)
RECORDS = st.lists(st.dictionaries(st.sampled_from("abc"), CELLS, min_size=1))
KEYS = st.sampled_from(["a", "b", "ü,", '"q"', "l\nf", ""])


def split(items, cuts):
    places = sorted({0, len(items), *(cut % (len(items) + 1) for cut in cuts)})
    return [items[a:b] for a, b in itertools.pairwise(places)]


def as_rows(data, separator=","):
    return list(csv.reader(io.StringIO(data.decode(), newline=""), delimiter=separator))


@pytest.mark.parametrize("output", [CsvFormat(), TsvFormat(), CsvFormat(separator=";")])
def test_blocks_of_equal_columns_are_copied_below_one_header(output, encode, join):
    data, counts = join(output, [encode(output, [{"a": "x\ny", "b": 1}] * 2) for _ in range(3)])
    separator = output.separator
    assert as_rows(data, separator) == [["a", "b"]] + [["x\ny", "1"]] * 6
    assert counts == [2, 2, 2]


def test_the_header_can_be_left_out(encode, join):
    output = CsvFormat(header=False)
    assert join(output, [encode(output, [{"a": 1}])]) == (b"1\n", [1])


def test_columns_that_differ_become_the_union(encode, join):
    output = CsvFormat()
    blocks = [
        encode(output, [{"b": "x,y"}]),
        encode(output, [{"a": 1, "b": "l\nf"}]),
        encode(output, [{"b": 2, "a": None}, {"c": 3}]),
    ]
    data, counts = join(output, blocks)
    assert as_rows(data) == [
        ["b", "a", "c"],
        ["x,y", "", ""],
        ["l\nf", "1", ""],
        ["2", "", ""],
        ["", "", "3"],
    ]
    assert counts == [1, 1, 2]


@given(records=st.lists(st.dictionaries(KEYS, CELLS, min_size=1)), cuts=st.lists(st.integers(0)))
@pytest.mark.parametrize("output", [CsvFormat(), TsvFormat(header=False)])
def test_the_bytes_do_not_depend_on_the_mini_batches(output, records, cuts, encode, join):
    whole, _ = join(output, [encode(output, records)])
    batches = split(records, cuts)
    data, counts = join(output, [encode(output, batch) for batch in batches])
    assert data == whole
    assert counts == [len(batch) for batch in batches]


@given(records=RECORDS, cuts=st.lists(st.integers(0)))
def test_every_value_stands_under_its_own_column(records, cuts, encode, join):
    output = CsvFormat()
    data, _ = join(output, [encode(output, batch) for batch in split(records, cuts)])
    names, *rows = as_rows(data) or [[]]
    found = [dict(zip(names, row, strict=True)) for row in rows]
    expected = [
        {name: "" if record.get(name) is None else str(record[name]) for name in names}
        for record in records
    ]
    assert found == expected


def test_no_blocks_are_a_header_or_nothing(join):
    assert join(CsvFormat(), []) == (b"", [])
    target = io.BytesIO()
    assert list(CsvFormat().join((("a", ""), ("b", "")), [], target)) == []
    assert target.getvalue() == b"a,b\n"


def test_a_block_without_rows_adds_none(encode, join):
    output = CsvFormat()
    blocks = [encode(output, []), encode(output, pd.DataFrame({"a": [], "b": []}))]
    assert join(output, [*blocks, encode(output, [{"b": 1}])]) == (b"a,b\n,1\n", [0, 0, 1])


def test_pandas_reads_back_what_a_frame_held(encode, join):
    output = CsvFormat()
    frame = pd.DataFrame(
        {
            "text": ["plain", 'quo"te', "line\nfeed", "carriage\rreturn", "com,ma", "ünïcode 日本"],
            "number": [0.1, 1e300, -0.0, 1 / 3, None, 5e-324],
            "short": np.array([0.1, 1 / 3, 1e-9, 3.4e38, 0, 1], dtype=np.float32),
            "whole": [0, -1, 2**62, 3, 4, 5],
            "truth": [True, False] * 3,
        }
    )
    data, counts = join(output, [encode(output, frame[:2]), encode(output, frame[2:])])
    back = pd.read_csv(io.BytesIO(data), dtype={"short": np.float32}, engine="python")
    pd.testing.assert_frame_equal(back, frame)
    assert counts == [2, 4]


def test_azure_mls_style_copies_blocks_and_has_no_header(encode, join):
    output = AzureMLFormat(header=True)
    frames = [pd.DataFrame({"f": ["a b"], "p": [0.5]}), pd.DataFrame({"f": ['q"\n'], "z": [1]})]
    data, counts = join(output, [encode(output, frame) for frame in frames])
    expected = "".join(frame.to_csv(sep=" ", header=False, index=False) for frame in frames)
    assert data == expected.encode()
    assert counts == [1, 1]


def test_memory_stays_flat_however_long_a_block_is(join):
    rows = b'a,"x\ny",1\n' * 1_000
    columns = (("a", ""), ("b", ""), ("c", ""))
    for wanted in (columns, (*columns, ("d", ""))):
        blocks = [Block(columns, (rows for _ in range(400)))]
        tracemalloc.start()
        counts = list(CsvFormat().join(wanted, blocks, NullTarget()))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert counts == [400_000]
        assert peak < len(rows) * 400 / 2


class NullTarget(io.RawIOBase):
    def write(self, data):
        return len(data)
