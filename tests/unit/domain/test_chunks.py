from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.chunks import MAX_MINI_BATCHES, TARGET_S, Chunk, ChunkSizer
from framework.domain.files import InputFile
from framework.domain.mini_batches import MiniBatch

files = st.builds(InputFile, st.text(max_size=5), st.integers(0), st.text(max_size=3))
batches = st.lists(
    st.tuples(st.integers(1, 5), st.lists(files, min_size=1, max_size=4).map(tuple)), max_size=8
).map(
    lambda drawn: [
        MiniBatch(sum(step for step, _ in drawn[: place + 1]), files)
        for place, (_, files) in enumerate(drawn)
    ]
)


@given(batches)
def test_a_chunk_gives_back_its_mini_batches(batches):
    chunk = Chunk.of(batches)

    assert list(chunk) == batches
    assert list(chunk) == batches  # as often as one likes
    assert len(chunk) == len(batches)


@given(batches)
def test_a_chunk_survives_pickling(batches):
    chunk = pickle.loads(pickle.dumps(Chunk.of(batches)))

    assert list(chunk) == batches
    assert all(isinstance(file, InputFile) for batch in chunk for file in batch.files)


def test_a_label_tells_the_range():
    file = (InputFile("a", 1),)

    assert Chunk.of([MiniBatch(3, file)]).label == "000000003-000000003"
    assert Chunk.of([MiniBatch(3, file), MiniBatch(12, file)]).label == "000000003-000000012"


def sizer(processes: int = 4, instances: int = 2) -> ChunkSizer:
    return ChunkSizer(processes=processes, instances=instances)


def after(durations: list[list[float]], **options) -> ChunkSizer:
    made = sizer(**options)
    for each in durations:
        made.observe(each)
    return made


def test_the_first_chunk_has_a_mini_batch_for_each_process():
    assert sizer(processes=4).size(None) == 4
    assert sizer(processes=4).size(1_000_000) == 4
    assert sizer(processes=1).size(None) == 1


def test_chunks_grow_to_about_a_second_of_work():
    made = sizer(processes=4)
    sizes = []
    for _ in range(8):
        sizes.append(made.size(None))
        made.observe([0.01] * sizes[-1])

    assert sizes == sorted(sizes)
    assert sizes[-1] == 4 * TARGET_S / 0.01


def test_a_chunk_is_not_many_times_larger_than_any_that_was_measured():
    assert after([[1e-6] * 4], processes=4).size(None) <= 4 * 4


def test_chunks_shrink_near_the_end_so_that_instances_end_together():
    made = after([[0.001] * 500] * 6, processes=4, instances=2)

    sizes = [made.size(remaining) for remaining in (100_000, 1_000, 100, 10, 1, 0)]
    assert sizes == sorted(sizes, reverse=True)
    assert made.size(100) <= 100 // 2
    assert made.size(1) == 1


def test_slow_mini_batches_go_one_by_one():
    assert after([[30.0] * 4], processes=4).size(None) == 1


def test_one_huge_duration_is_forgotten_again():
    made = after([[0.01] * 100] * 5 + [[3600.0]])
    assert made.size(None) >= 1

    for _ in range(40):
        made.observe([0.01] * 100)
    assert made.size(None) == pytest.approx(400, abs=5)


@given(
    st.lists(st.lists(st.floats(0, 1e6), max_size=20), max_size=10),
    st.integers(1, 64),
    st.integers(1, 64),
    st.none() | st.integers(0, 10**9),
)
def test_a_chunk_is_never_empty_and_never_without_bounds(durations, processes, instances, left):
    size = after(durations, processes=processes, instances=instances).size(left)

    assert 1 <= size <= max(MAX_MINI_BATCHES, processes)


def test_durations_of_nothing_do_no_harm():
    made = after([[0.0] * 4, [], [0.0] * 16] + [[0.0] * 5000] * 9)

    assert made.seconds_per_mini_batch == 0.0
    assert made.size(None) == MAX_MINI_BATCHES


def test_nothing_is_learned_from_no_durations():
    assert after([[]]).seconds_per_mini_batch is None


@given(st.lists(st.lists(st.floats(0, 1e6), max_size=5), max_size=5), st.integers(1, 16))
def test_an_instance_with_an_idle_process_always_wants_more(durations, processes):
    made = after(durations, processes=processes)

    for busy in range(processes):
        assert made.wants_more(chunks=busy, mini_batches=busy)


def test_of_long_mini_batches_each_process_has_one_and_none_waits():
    made = after([[60.0] * 4], processes=4)

    assert made.wants_more(chunks=3, mini_batches=3)
    assert not made.wants_more(chunks=4, mini_batches=4)
    assert not made.wants_more(chunks=1, mini_batches=4)


def test_of_short_mini_batches_a_second_chunk_waits():
    made = after([[0.001] * 4], processes=4)

    assert made.wants_more(chunks=1, mini_batches=400)
    assert not made.wants_more(chunks=2, mini_batches=400)


def test_before_anything_is_measured_a_second_chunk_waits_too():
    assert sizer(processes=4).wants_more(chunks=1, mini_batches=4)
    assert not sizer(processes=4).wants_more(chunks=2, mini_batches=8)
