from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.outputs.rows import PieceReader, RowCounter, RowWriter, read_rows

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
TABLES = st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(TEXTS, min_size=n, max_size=n)))
QUOTABLE_TABLES = st.lists(st.lists(st.text('a"\n\r,'), min_size=2, max_size=2))
SIZES = st.lists(st.integers(1, 7))


def pieces_of(data, sizes):
    for size in sizes:
        yield data[:size]
        data = data[size:]
    yield data


def written(rows, separator=","):
    target = io.BytesIO()
    writer = RowWriter(target, separator)
    for row in rows:
        writer.add(row)
    writer.flush()
    return target.getvalue()


@given(TABLES, SIZES, st.sampled_from([",", "\t", ";", "¦"]))
def test_rows_are_read_as_they_were_written_wherever_pieces_end(rows, sizes, separator):
    data = written(rows, separator)
    assert list(read_rows(pieces_of(data, sizes), separator)) == rows


@given(TABLES | QUOTABLE_TABLES, SIZES)
def test_rows_are_counted_wherever_pieces_end(rows, sizes):
    counter = RowCounter()
    for piece in pieces_of(written(rows), sizes):
        counter.add(piece)
    assert counter.rows == len(rows)


@given(TABLES)
def test_what_is_written_is_csv_to_everybody(rows):
    assert list(csv.reader(io.StringIO(written(rows).decode(), newline=""))) == rows


def test_a_cell_may_be_as_long_as_it_likes():
    cell = 'long "cell"\n' * 100_000
    data = written([["a", cell]])
    counter = RowCounter()
    counter.add(data)
    assert counter.rows == 1
    assert list(read_rows(iter([data[:7], data[7:]]), ",")) == [["a", cell]]


@given(st.binary(), SIZES)
def test_pieces_read_as_one_file(data, sizes):
    stream = io.BufferedReader(PieceReader(pieces_of(data, sizes)), buffer_size=3)
    assert stream.read() == data


def test_a_broken_character_is_an_error_and_not_another_character():
    with pytest.raises(UnicodeDecodeError):
        list(read_rows([b"x\xe9\n"], ","))
