from __future__ import annotations

from pathlib import Path

import pytest

from framework.scoring.child.naming import missing_files

FILES = ["a/1.png", "a/2.png", "b/3.png"]


@pytest.mark.parametrize(
    "cells",
    [
        ["a/1.png", "b/3.png"],
        ["1.png", "3.png"],
        ["/scratch/x/a/1.png", "/scratch/x/b/3.png"],
        [Path("/scratch/x/a/1.png"), "3.png"],
    ],
    ids=["paths", "names", "local paths", "mixed"],
)
def test_the_file_that_no_row_names_is_found(cells):
    rows = [(0.5, cell) for cell in cells]
    assert missing_files(["score", "image"], rows, FILES) == ["a/2.png"]


@pytest.mark.parametrize(
    "cells",
    [
        [("cat",), ("dog",)],
        [("1.png",), ("other.png",)],
        [("1.png",), (None,)],
        [("1.png",), ("1.png",)],
        [("1.png",), ()],
        [(1,), (b"1.png",)],
    ],
    ids=["labels", "a stranger", "a hole", "twice", "a short row", "no text"],
)
def test_rows_that_cannot_tell_say_so(cells):
    assert missing_files(["x"], cells, FILES) is None


def test_a_name_that_two_files_share_tells_nothing_but_their_paths_do():
    files = ["a/1.png", "b/1.png", "c/2.png"]
    assert missing_files(["x"], [("1.png",), ("2.png",)], files) is None
    assert missing_files(["x"], [("/tmp/b/1.png",), ("2.png",)], files) == ["a/1.png"]


def test_a_file_at_the_root_is_told_from_one_of_its_name_below():
    files = ["1.png", "a/1.png"]
    assert missing_files(["x"], [("a/1.png",)], files) == ["1.png"]


def test_no_rows_miss_every_file_and_enough_rows_none():
    assert missing_files([], [], FILES) == FILES
    assert missing_files(["x"], [(1,), (2,), (3,)], FILES) == []
