from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from framework.plugin.param_types import hints_of, misfit


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (1, int),
        (1, float),
        (0.5, float | None),
        (None, str | None),
        ("a", str),
        ("a", Path),
        (["a", "b"], Sequence[str]),
        (("a",), tuple[str, ...]),
        ([], list),
        ({"a": 1}, Mapping[str, Any]),
        ({"a": 1}, dict[str, int] | None),
        ("here", Literal["here", "there"]),
        (True, bool),
        (object(), Any),
        ("anything", Path.__class__),
    ],
)
def test_what_fits_is_not_spoken_of(value, hint):
    assert misfit(value, hint) is None


@pytest.mark.parametrize(
    ("value", "hint", "said"),
    [
        ("2", int, "must be a whole number, is '2'"),
        (True, int, "must be a whole number, is True"),
        (1.5, int, "must be a whole number, is 1.5"),
        ("x", float | None, "must be a number, is 'x'"),
        (36000, str | None, "must be a text, is 36000: put it in quotes"),
        ("a", Sequence[str], "must be a list, each of it a text, is 'a'"),
        (["a", 1], tuple[str, ...], "must be a list, each of it a text, is ['a', 1]"),
        ("a", Mapping[str, Any], "must be a mapping, is 'a'"),
        ("her", Literal["here", "there"], "must be 'here' or 'there', is 'her'"),
        ("yes", bool, "must be true or false, is 'yes'"),
    ],
)
def test_what_does_not_fit_is_told_what_does(value, hint, said):
    assert misfit(value, hint) == said


def test_annotations_that_can_not_be_read_take_anything():
    class Strange:
        def __init__(self, *, other: NotThere = None) -> None:  # noqa: F821
            pass

    assert hints_of(Strange) == {}
