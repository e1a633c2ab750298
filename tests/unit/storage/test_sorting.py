from __future__ import annotations

import errno
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import StorageError
from framework.storage.sorting import sorted_runs


@given(st.lists(st.tuples(st.binary(max_size=3), st.integers())), st.integers(1, 9))
def test_runs_of_any_size_give_what_sorting_in_memory_gives(items, run_size):
    runs = sorted_runs(iter(items), key=lambda item: item[0], run_size=run_size)

    assert list(runs) == sorted(items, key=lambda item: item[0])
    assert len(runs) == len(items)


def test_the_items_can_be_read_again_while_they_are_being_read():
    runs = sorted_runs(iter(range(2_000, 0, -1)), key=lambda item: item, run_size=300)

    first = iter(runs)
    assert next(first) == 1
    assert list(runs) == list(range(1, 2_001))
    assert list(first) == list(range(2, 2_001))


def test_a_full_disk_is_reported_with_the_folder_that_is_full(monkeypatch):
    def refuse(**options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)

    with pytest.raises(StorageError, match=f"no space left on device .*{tempfile.gettempdir()}"):
        sorted_runs(range(10), key=lambda item: item, run_size=3)
