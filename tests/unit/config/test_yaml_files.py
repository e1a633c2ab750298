from __future__ import annotations

from pathlib import Path

import pytest

from framework.config.yaml_files import read_yaml
from framework.errors import ConfigurationError


def said(path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_yaml(path)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"a: 1\nb: [\n", "line 3, column 1"),
        (b"a: 1\n\tb: 2\n", "line 2"),
        (b"a: 1\nb: 2\na: 3\n", "'a' is there twice, first in line 1, line 3"),
        (b"x:\n  a: 1\n  a: 1\n", "line 3"),
        (b"- a\n- b\n", "holds a list"),
        (b"just text\n", "holds a single value"),
        (b"a: \xff\xfe\n", "byte 0xff in line 1"),
        ("a: b".encode("utf-16"), "is not UTF-8"),
        (b"a: \x01\n", "is not allowed"),
        (b"a: 1\n---\nb: 2\n", "broken YAML"),
        (b"a: *nothing\n", "alias"),
        (b"a: &x [*x]\n", "alias to something that it is part of"),
        (b"a: !!python/object:os.system x\n", "tags such as"),
        (b"a: !mine {b: c}\n", "tags such as"),
        (b"[a]: 1\n", "a key must be a text"),
        (b"a: " + b"[" * 5000, "broken YAML"),
        (b"<<: 3\n", "<< needs a mapping"),
    ],
)
def test_a_broken_file_is_one_line_with_its_place(here: Path, content: bytes, hint: str) -> None:
    path = here / "x.yaml"
    path.write_bytes(content)
    assert hint in said(path)
    assert "x.yaml" in said(path)


@pytest.mark.parametrize("content", [b"", b"# only a comment\n", b"---\n", b"\xef\xbb\xbf", b"~\n"])
def test_an_empty_file_is_an_empty_mapping(here: Path, content: bytes) -> None:
    path = here / "x.yaml"
    path.write_bytes(content)
    assert read_yaml(path) == {}


def test_a_byte_order_mark_is_no_part_of_the_first_key(here: Path) -> None:
    path = here / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert read_yaml(path) == {"a": "1", "b": "2"}


def test_keys_know_their_lines_and_anchors_merge(here: Path) -> None:
    path = here / "x.yaml"
    path.write_text("base: &b {x: 1, y: 2}\nderived:\n  <<: *b\n  y: 3\n1: yes\n")
    mapping = read_yaml(path)
    assert mapping["derived"] == {"x": "1", "y": "3"}
    assert mapping.lines == {"base": 1, "derived": 2, "1": 5}


def test_a_file_that_can_not_be_read_says_why(here: Path) -> None:
    assert "is a directory" in said(here)
    assert "no such file" in said(here / "none.yaml")
