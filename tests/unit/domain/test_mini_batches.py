from __future__ import annotations

import pickle
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.files import InputFile
from framework.domain.mini_batches import MiniBatch, MiniBatchPlanner, plan_mini_batches

sizes = st.lists(st.integers(0, 30), max_size=60)
most_files = st.integers(1, 12)
most_bytes = st.none() | st.integers(1, 40)


def files_of(sizes: list[int]) -> list[InputFile]:
    return [InputFile(f"{place:03d}", size, str(place)) for place, size in enumerate(sizes)]


def lengths(sizes: list[int], **limits) -> list[int]:
    return [len(batch.files) for batch in plan_mini_batches(files_of(sizes), **limits)]


@given(sizes, most_files, most_bytes)
def test_each_file_is_in_the_plan_once_and_in_order(sizes, max_files, max_bytes):
    plan = list(plan_mini_batches(files_of(sizes), max_files=max_files, max_bytes=max_bytes))

    assert [file for batch in plan for file in batch.files] == files_of(sizes)
    assert [batch.index for batch in plan] == list(range(len(plan)))
    assert all(batch.files for batch in plan)


@given(sizes, most_files, most_bytes)
def test_no_mini_batch_is_above_its_limits(sizes, max_files, max_bytes):
    for batch in plan_mini_batches(files_of(sizes), max_files=max_files, max_bytes=max_bytes):
        assert len(batch.files) <= max_files
        assert max_bytes is None or batch.bytes <= max_bytes or len(batch.files) == 1


@given(sizes, most_files, most_bytes)
def test_a_mini_batch_is_closed_only_where_the_next_file_does_not_fit(sizes, max_files, max_bytes):
    plan = list(plan_mini_batches(files_of(sizes), max_files=max_files, max_bytes=max_bytes))

    for batch, following in pairwise(plan):
        is_full = len(batch.files) == max_files
        overflows = max_bytes is not None and batch.bytes + following.files[0].size > max_bytes
        assert is_full or overflows


@given(sizes, most_files, most_bytes)
def test_files_that_come_one_by_one_are_planned_as_all_at_once(sizes, max_files, max_bytes):
    planner = MiniBatchPlanner(max_files=max_files, max_bytes=max_bytes)
    closed = [planner.add(file) for file in files_of(sizes)]
    closed.append(planner.close())

    at_once = list(plan_mini_batches(files_of(sizes), max_files=max_files, max_bytes=max_bytes))
    assert [batch for batch in closed if batch is not None] == at_once


@given(sizes, most_files, most_bytes, st.integers(0, 60))
def test_more_files_at_the_end_leave_closed_mini_batches_as_they_were(
    sizes, max_files, max_bytes, known
):
    limits = {"max_files": max_files, "max_bytes": max_bytes}
    early = list(plan_mini_batches(files_of(sizes[:known]), **limits))
    late = list(plan_mini_batches(files_of(sizes), **limits))

    closed = early[:-1]
    assert late[: len(closed)] == closed


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([100], [1]),
        ([100, 1, 1], [1, 2]),
        ([1, 100, 1], [1, 1, 1]),
        ([1, 1, 100], [2, 1]),
        ([5, 5, 5], [2, 1]),
        ([0] * 7, [7]),
        ([11, 11], [1, 1]),
    ],
)
def test_a_file_above_the_bytes_limit_is_alone(sizes, expected):
    assert lengths(sizes, max_files=10, max_bytes=10) == expected


def test_without_a_bytes_limit_only_the_number_of_files_counts():
    assert lengths([10**12] * 25, max_files=10) == [10, 10, 5]


def test_a_stream_is_read_no_further_than_a_mini_batch_needs():
    read = []

    def stream():
        for file in files_of([1] * 9):
            read.append(file)
            yield file

    plan = plan_mini_batches(stream(), max_files=3)
    next(plan)

    assert len(read) == 4


def test_closing_twice_gives_nothing_the_second_time():
    planner = MiniBatchPlanner(max_files=3)
    planner.add(InputFile("a", 1))

    assert planner.close() == MiniBatch(0, (InputFile("a", 1),))
    assert planner.close() is None


def test_a_mini_batch_survives_pickling():
    batch = MiniBatch(7, (InputFile("a", 3), InputFile("b", 4)))

    copy = pickle.loads(pickle.dumps(batch))
    assert (copy, copy.index, copy.bytes) == (batch, 7, 7)
