from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.domain.outcomes import Assembled, Block, Receipt
from framework.errors import AccountingError
from framework.jobs.extents import Extent, extents
from framework.jobs.joining import Parts
from framework.jobs.journal import Journal
from framework.jobs.ledger import Intent, Ledger
from framework.jobs.record import JobRecord, open_record
from framework.jobs.reduce import Reduction, reduce_parts
from framework.outputs.jsonl import JsonlFormat
from framework.outputs.text import AzureMLFormat, CsvFormat
from framework.storage import open_store

ONE = (("file", ""), ("prediction", ""))
WIDE = (("file", ""), ("score", ""), ("prediction", ""))
NARROW = (("prediction", ""),)


def reduce(record: JobRecord, output_format=None, *, token: str = "t") -> tuple[bytes, Intent]:
    """What would be committed, and what is known of it."""
    folder = Path(record.url("out"))
    intent = reduce_parts(
        Reduction(
            workspace=record.workspace.url,
            job=record.name,
            folder=str(folder),
            file_name="predictions.csv",
            output_format=output_format or CsvFormat(),
            token=token,
        )
    )
    return (folder / intent.staged).read_bytes(), intent


def note(record: JobRecord, *receipts: Receipt) -> None:
    journal = Journal.claim(record, started_at="now")
    Ledger(journal).add(receipts)
    journal.close()


def row(index: int, columns=ONE, rows: int = 1):
    """The block of one mini-batch."""
    cells = {"file": f"{index}.txt", "prediction": str(index * 10), "score": "0.5"}
    text = "".join(",".join(f"{cells[name]}" for name, _ in columns) + "\n" for _ in range(rows))
    return text.encode(), rows, columns


def part_of(record: JobRecord) -> Path:
    (part,) = Path(record.url("staging", "parts")).iterdir()
    return part


def test_parts_become_one_output_in_input_order(record, parts):
    note(
        record,
        parts.receipt({2: row(2), 3: row(3)}),
        parts.receipt({0: row(0), 1: row(1, rows=2)}),
    )
    data, intent = reduce(record)

    assert data == b"file,prediction\n0.txt,0\n1.txt,10\n1.txt,10\n2.txt,20\n3.txt,30\n"
    assert (intent.rows, intent.size) == (5, len(data))
    assert intent.sha256 == hashlib.sha256(data).hexdigest()
    assert intent.final == f"{Path(record.url('out'))}/predictions.csv"


def test_nothing_stands_under_the_final_name_yet(record, parts):
    note(record, parts.receipt({0: row(0)}))
    reduce(record)

    assert not (Path(record.url("out")) / "predictions.csv").exists()


def test_columns_that_differ_are_united_in_input_order(record, parts):
    note(record, parts.receipt({1: row(1, WIDE)}), parts.receipt({0: row(0), 2: row(2, NARROW)}))
    data, _ = reduce(record)

    assert data == b"file,prediction,score\n0.txt,0,\n1.txt,10,0.5\n,20,\n"


def test_failed_mini_batches_leave_no_gap(record, parts):
    note(record, parts.receipt({0: row(0), 1: None, 2: row(2)}), parts.receipt({3: None}))
    data, intent = reduce(record)

    assert data == b"file,prediction\n0.txt,0\n2.txt,20\n"
    assert intent.rows == 2


def test_of_two_outcomes_the_first_in_the_ledger_counts(record, parts):
    first = (b"0.txt,first\n", 1, ONE)
    second = (b"0.txt,second\n", 1, ONE)
    note(
        record,
        parts.receipt({0: first, 1: row(1)}),
        parts.receipt({0: second, 1: row(1), 2: row(2)}),
    )
    data, _ = reduce(record)

    assert data == b"file,prediction\n0.txt,first\n1.txt,10\n2.txt,20\n"


def test_a_success_after_a_failure_that_counts_is_left_out(record, parts):
    note(record, parts.receipt({0: None, 1: row(1)}), parts.receipt({0: row(0)}))

    assert reduce(record)[0] == b"file,prediction\n1.txt,10\n"


def test_parts_that_the_ledger_does_not_name_are_garbage(record, parts):
    note(record, parts.receipt({0: row(0)}))
    parts.receipt({1: row(1)})

    assert reduce(record)[0] == b"file,prediction\n0.txt,0\n"


@pytest.mark.parametrize("place", [0, 5, -1])
def test_a_part_with_a_flipped_bit_is_refused_by_name(record, parts, place):
    note(record, parts.receipt({0: row(0), 1: row(1)}))
    part = part_of(record)
    data = bytearray(part.read_bytes())
    data[place] ^= 1
    part.write_bytes(data)

    with pytest.raises(AccountingError, match=part.name):
        reduce(record)
    assert not (Path(record.url("out")) / "predictions.csv").exists()


@pytest.mark.parametrize("cut", [1, 7, 1000])
def test_a_part_that_is_shorter_is_refused_by_name(record, parts, cut):
    note(record, parts.receipt({0: row(0), 1: row(1)}))
    part = part_of(record)
    part.write_bytes(part.read_bytes()[:-cut])

    with pytest.raises(AccountingError, match=part.name):
        reduce(record)


def test_a_part_whose_length_is_not_the_ledgers_is_refused(record, parts):
    receipt = parts.receipt({0: row(0)})
    longer = replace(receipt, outcomes=(receipt.outcomes[0]._replace(length=99),))
    note(record, longer)

    with pytest.raises(AccountingError, match="shorter"):
        reduce(record)


def test_a_part_whose_rows_are_not_the_ledgers_is_refused(record, parts):
    receipt = parts.receipt({0: row(0)})
    note(record, replace(receipt, outcomes=(receipt.outcomes[0]._replace(rows=2),)))

    with pytest.raises(AccountingError, match="1 rows were read"):
        reduce(record)


def test_a_part_that_is_gone_is_told(record, parts):
    note(record, parts.receipt({0: row(0)}))
    part = part_of(record)
    part.unlink()

    with pytest.raises(AccountingError, match=part.name):
        reduce(record)


def test_an_output_is_staged_in_pieces_of_bounded_size(record, parts):
    line = b"x" * 999 + b"\n"
    note(record, parts.receipt({0: (line * 3_000, 3_000, NARROW)}))
    data, intent = reduce(record)

    assert data == b"prediction\n" + line * 3_000
    assert intent.rows == 3_000


# --- whatever the split, the order and the duplicates

mini_batches = st.lists(
    st.none()
    | st.tuples(
        st.sampled_from([ONE, WIDE, NARROW]),
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4),
            min_size=1,
            max_size=3,
        ),
    ),
    min_size=1,
    max_size=12,
)


def lines_of(columns, texts) -> list[list[str]]:
    return [[f"{text}{place}" for place in range(len(columns))] for text in texts]


def as_csv(rows) -> bytes:
    target = io.StringIO()
    csv.writer(target, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return target.getvalue().encode()


@st.composite
def splits(draw, count: int):
    """Chunks of mini-batches in any order; each at least once, some of them twice."""
    order = draw(st.permutations(range(count)))
    again = draw(st.lists(st.integers(0, count - 1), max_size=count))
    chunks, rest = [], [*order, *again]
    while rest:
        size = draw(st.integers(1, len(rest)))
        chunk, rest = sorted(set(rest[:size])), rest[size:]
        chunks.append(chunk)
    return chunks


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(mini_batches, st.data(), st.sampled_from([CsvFormat, AzureMLFormat]))
def test_output_bytes_do_not_depend_on_chunks_or_their_order(
    tmp_path_factory, parts_of, mini_batches, data, kind
):
    outputs = []
    for chunks in ([list(range(len(mini_batches)))], data.draw(splits(len(mini_batches)))):
        record = open_record(open_store(str(tmp_path_factory.mktemp("w"))), "job")
        parts = parts_of(record)
        blocks = {
            index: None if each is None else (as_csv(lines_of(*each)), len(each[1]), each[0])
            for index, each in enumerate(mini_batches)
        }
        receipts = [parts.receipt({index: blocks[index] for index in chunk}) for chunk in chunks]
        note(record, *receipts)
        written, intent = reduce(record, kind())
        outputs.append(written)
        assert intent.rows == sum(len(each[1]) for each in mini_batches if each is not None)

    assert outputs[0] == outputs[1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(mini_batches, st.data())
def test_an_output_is_what_joining_the_rows_by_hand_gives(
    tmp_path_factory, parts_of, mini_batches, data
):
    record = open_record(open_store(str(tmp_path_factory.mktemp("w"))), "job")
    parts = parts_of(record)
    for chunk in data.draw(splits(len(mini_batches))):
        blocks = {
            index: None
            if (each := mini_batches[index]) is None
            else (as_csv(lines_of(*each)), len(each[1]), each[0])
            for index in chunk
        }
        note(record, parts.receipt(blocks))
    written, _ = reduce(record)

    names: dict[str, None] = {}
    rows = []
    for each in mini_batches:
        if each is not None:
            own = [name for name, _ in each[0]]
            names.update(dict.fromkeys(own))
            rows += [dict(zip(own, cells, strict=True)) for cells in lines_of(*each)]
    expected = [list(names), *([row.get(name, "") for name in names] for row in rows)]
    assert list(csv.reader(io.StringIO(written.decode(), newline=""))) == (
        expected if names else []
    )


def test_json_lines_are_joined_too(record, parts):
    note(
        record,
        parts.receipt({1: (b'{"b":2}\n', 1, (("b", ""),))}),
        parts.receipt({0: (b'{"a":1}\n', 1, (("a", ""),))}),
    )

    assert reduce(record, JsonlFormat())[0] == b'{"a":1}\n{"b":2}\n'


# --- extents


def found(receipts, *, join: bool = True) -> list[tuple[int, int, int, int]]:
    return [
        (each.first, each.offset, each.length, each.rows) for each in extents(receipts, join=join)
    ]


def test_neighbours_with_the_same_columns_are_one_extent(parts):
    receipt = parts.receipt({0: row(0), 1: row(1), 2: row(2, WIDE), 3: row(3), 5: row(5)})

    assert found([receipt]) == [(0, 0, 17, 2), (2, 17, 13, 1), (3, 30, 9, 1), (5, 39, 9, 1)]
    assert [first for first, *_ in found([receipt], join=False)] == [0, 1, 2, 3, 5]


def test_the_blocks_of_a_mini_batch_that_was_split_are_extents_in_their_order(parts):
    receipt = parts.receipt({0: row(0), 1: row(1), 2: row(2)})
    outcomes = list(receipt.outcomes)
    length = outcomes[1].length
    blocks = (Block(4, 1, 0), Block(length - 4, 0, 0))
    outcomes[1] = outcomes[1]._replace(assembled=Assembled(blocks, 0.0))
    split = replace(receipt, outcomes=tuple(outcomes))
    assert found([split]) == [(0, 0, 8, 1), (1, 8, 4, 1), (1, 12, length - 4, 0), (2, 17, 9, 1)]


def test_empty_blocks_that_are_alike_are_still_as_many(record):
    empty = Extent(first=1, part="p", offset=7, length=0, rows=0, columns=ONE)
    blocks = Parts(record.staging).blocks([empty, empty])
    assert [block.columns for block in blocks] == [ONE, ONE]


def test_duplicates_are_skipped_and_their_bytes_too(parts):
    one, two = parts.receipt({1: row(1)}), parts.receipt({0: row(0), 1: row(1), 2: row(2)})

    assert found([one, two]) == [(1, 0, 9, 1), (0, 0, 8, 1), (2, 17, 9, 1)]
