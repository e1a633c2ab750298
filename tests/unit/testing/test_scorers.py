from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from framework import Scorer
from framework.testing import ScorerContract


class Sizes(Scorer):
    """A scorer that does what it must, but for what it is told to do wrong."""

    def __init__(self, wrong: Callable[[list], list] = list) -> None:
        self._wrong = wrong

    def load(self, context) -> None:
        self._loaded = True

    def score(self, files):
        assert self._loaded
        return self._wrong([{"size": file.stat().st_size} for file in files])


class SizesContract(ScorerContract):
    wrong: Callable[[list], list] = list

    def make(self) -> Scorer:
        return Sizes(type(self).wrong)

    def files(self, folder: Path) -> list[Path]:
        for size in range(1, 4):
            (folder / f"{size}.txt").write_text("x" * size)
        return sorted(folder.iterdir())


class TestARightScorer(SizesContract):
    """Passes each test of the contract."""


def test_a_scorer_that_drops_items_is_caught(tmp_path: Path) -> None:
    class Dropping(SizesContract):
        wrong = staticmethod(lambda rows: rows[1:])

    with pytest.raises(AssertionError):
        Dropping().test_each_file_gives_an_item(tmp_path)


def test_a_scorer_that_sorts_its_items_is_caught(tmp_path: Path) -> None:
    class Sorting(SizesContract):
        wrong = staticmethod(lambda rows: sorted(rows, key=lambda row: row["size"]))

    with pytest.raises(AssertionError):
        Sorting().test_items_come_in_the_order_of_the_files(tmp_path)


def test_a_scorer_that_changes_its_inputs_is_caught(tmp_path: Path) -> None:
    class Greedy(SizesContract):
        def make(self) -> Scorer:
            class Emptying(Sizes):
                def score(self, files):
                    for file in files:
                        file.write_text("")
                    return super().score(files)

            return Emptying()

    with pytest.raises(AssertionError):
        Greedy().test_inputs_are_left_as_they_are(tmp_path)


def test_a_scorer_that_differs_from_process_to_process_is_caught(tmp_path: Path) -> None:
    made = iter(range(10))

    class Drifting(SizesContract):
        def make(self) -> Scorer:
            number = next(made)
            return Sizes(lambda rows: [{**row, "process": number} for row in rows])

    with pytest.raises(AssertionError):
        Drifting().test_a_file_scores_the_same_in_every_process(tmp_path)
