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


def test_a_store_is_opened_with_the_options_of_its_url() -> None:
    options = {"memory://opened": {"mark": "a"}}
    opened, other = open_store("memory://opened/a", options), open_store("memory://other", options)
    assert opened._filesystem.storage_options["mark"] == "a"  # type: ignore[attr-defined]
    assert "mark" not in other._filesystem.storage_options  # type: ignore[attr-defined]


def test_an_input_is_opened_with_the_options_of_its_url() -> None:
    open_store("memory://input").write("a.txt", b"a")
    listing = open_input(["memory://input"], options={"memory://input": {"mark": "b"}})
    assert [file.path for file in listing.files()] == ["a.txt"]
    assert listing.store._filesystem.storage_options["mark"] == "b"  # type: ignore[attr-defined]
