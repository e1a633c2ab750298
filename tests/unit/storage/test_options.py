from __future__ import annotations

import pytest

from framework.storage import open_input, open_store
from framework.storage.options import options_for

OPTIONS = {"s3://b": {"a": 1}, "s3://b/deep": {"a": 2}, "memory://x": {}}


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("s3://b", {"a": 1}),
        ("s3://b/", {"a": 1}),
        ("s3://b/x", {"a": 1}),
        ("s3://b/deep", {"a": 2}),
        ("s3://b/deep/x", {"a": 2}),
        ("s3://b/deeper", {"a": 1}),
        ("s3://bb", {}),
        ("/b", {}),
    ],
)
def test_the_nearest_root_above_a_url_says_its_options(url: str, found: dict[str, int]) -> None:
    assert options_for(url, OPTIONS) == found


def test_a_store_keeps_its_options_and_so_do_those_below() -> None:
    options = {"memory://opened": {"mark": "a"}}
    opened = open_store("memory://opened/a", options)
    assert opened.options == opened.at("below").options == options


def test_the_store_of_an_input_keeps_the_inputs_options() -> None:
    options = {"memory://input": {"mark": "b"}}
    open_store("memory://input").write("a.txt", b"a")
    listing = open_input(["memory://input"], options=options)
    assert [file.path for file in listing.files()] == ["a.txt"]
    assert listing.store.options == options
