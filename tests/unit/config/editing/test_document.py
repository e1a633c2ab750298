from __future__ import annotations

import difflib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.config.editing.document import Document, NotEditableError, is_same
from framework.config.editing.rendering import block
from framework.config.texts import Plain
from framework.config.yaml_files import parse_mapping

TEXT = """\
# The head of the file.

name: digits # what it is called
tags: {a: 1, b: ~}   # flow
# about retries
retry_settings:  # as patient as it gets
  max_retries: 3   # tries
  list:
    - 1
    - 2
# about the last
quoted: "yes"
number: 007
text: |
  one

  two

anchored: &shared
  mode: fast
alias: *shared
empty:
reference: ${oc.env:HOME}/x
"""


def lines_between(text: str, other: str) -> list[str]:
    diff = difflib.unified_diff(text.split("\n"), other.split("\n"), n=0, lineterm="")
    return [f"{line[0]} {line[1:]}" for line in list(diff)[2:] if line[0] in "+-"]


def edited(text: str, /, **changes: Any) -> list[str]:
    """What a change looks like in a diff: the lines that went and the lines that came."""
    document = Document(text)
    for key, value in changes.items():
        document.set(tuple(key.split("__")), value)
    return lines_between(text, document.to_bytes().decode())


def without(text: str, *keys: str) -> list[str]:
    document = Document(text)
    for key in keys:
        document.remove(tuple(key.split(".")))
    return lines_between(text, document.to_bytes().decode())


@pytest.mark.parametrize(
    ("changes", "diff"),
    [
        (
            {"retry_settings__max_retries": 5},
            ["-   max_retries: 3   # tries", "+   max_retries: 5   # tries"],
        ),
        (
            {"name": "007"},
            ["- name: digits # what it is called", "+ name: '007' # what it is called"],
        ),
        (
            {"name": "a # b"},
            ["- name: digits # what it is called", "+ name: 'a # b' # what it is called"],
        ),
        (
            {"tags__a": "x, y"},
            ["- tags: {a: 1, b: ~}   # flow", "+ tags: {a: 'x, y', b: ~}   # flow"],
        ),
        ({"tags__c": 2}, ["- tags: {a: 1, b: ~}   # flow", "+ tags: {a: 1, b: ~, c: 2}   # flow"]),
        ({"retry_settings__timeout": 9}, ["+   timeout: 9"]),
        ({"empty": 7}, ["- empty:", "+ empty: 7"]),
        ({"empty__x__y": 7}, ["+   x:", "+     y: 7"]),
        ({"new__x": True}, ["+ new:", "+   x: true"]),
        ({"text": "three"}, ["- text: |", "-   one", "- ", "-   two", "+ text: three"]),
        (
            {"retry_settings": "none"},
            [
                "- retry_settings:  # as patient as it gets",
                "-   max_retries: 3   # tries",
                "-   list:",
                "-     - 1",
                "-     - 2",
                "+ retry_settings: none # as patient as it gets",
            ],
        ),
        ({"alias__mode": "slow"}, ["- alias: *shared", "+ alias:", "+   mode: slow"]),
        ({"quoted": {"a": 1}}, ['- quoted: "yes"', "+ quoted:", "+   a: 1"]),
        (
            {"reference": "${oc.env:USER}"},
            ["- reference: ${oc.env:HOME}/x", "+ reference: ${oc.env:USER}"],
        ),
    ],
)
def test_only_the_lines_of_a_changed_key_move(changes: dict[str, Any], diff: list[str]) -> None:
    assert edited(TEXT, **changes) == diff


@pytest.mark.parametrize(
    "change",
    [
        {"name": "digits"},
        {"tags": {"b": None, "a": 1}},
        {"retry_settings__list": [1, 2]},
        {"quoted": "yes"},
        {"text": "one\n\ntwo\n"},
        {"alias__mode": "fast"},
        {"empty": None},
        {"number": Plain("007")},
    ],
)
def test_a_value_that_is_there_already_changes_nothing(change: dict[str, Any]) -> None:
    assert edited(TEXT, **change) == []


def test_a_text_that_looks_like_a_number_is_another_value_than_the_number() -> None:
    assert edited("a: 1\n", a="1") == ["- a: 1", "+ a: '1'"]
    assert edited("a: '1'\n", a=1) == ["- a: '1'", "+ a: 1"]


@pytest.mark.parametrize(
    ("keys", "diff"),
    [
        (["quoted"], ["- # about the last", '- quoted: "yes"']),
        (["name"], ["- name: digits # what it is called"]),
        (["tags.b"], ["- tags: {a: 1, b: ~}   # flow", "+ tags: {a: 1}   # flow"]),
        (["tags.a", "tags.b"], ["- tags: {a: 1, b: ~}   # flow", "+ tags: {}   # flow"]),
        (["retry_settings.list"], ["-   list:", "-     - 1", "-     - 2"]),
        (["reference"], ["- reference: ${oc.env:HOME}/x"]),
        (["not.there", "nor.is.that", "name.either"], []),
    ],
)
def test_a_key_goes_with_the_comments_right_above_it_only(keys: list[str], diff: list[str]) -> None:
    assert without(TEXT, *keys) == diff


def test_the_head_of_a_file_stays_when_its_first_key_goes() -> None:
    assert without("# All about it.\n$schema: x\nname: a\n", "$schema") == ["- $schema: x"]


def test_what_an_anchor_is_used_for_elsewhere_does_not_change_with_it() -> None:
    document = Document(TEXT)
    document.set(("anchored", "mode"), "slow")
    assert document.get(("anchored", "mode")) == "slow"
    assert document.get(("alias", "mode")) == "fast"
    for comment in ("# The head of the file.", "# about retries", "# tries", "# about the last"):
        assert comment in document.to_bytes().decode()


def test_a_key_that_a_merge_brings_is_overridden_beside_it() -> None:
    text = "base: &base {a: 1, b: 2}\nmine:\n  <<: *base\n  c: 3\n"
    assert edited(text, mine__a=5) == ["+   a: 5"]


def test_a_merged_key_that_can_not_go_alone_is_refused() -> None:
    document = Document("<<: {a: 1, b: 2}\nc: 3\n")
    with pytest.raises(NotEditableError, match="a is part of an anchor or a merge"):
        document.remove(("a",))


def test_windows_line_breaks_and_the_byte_order_mark_stay() -> None:
    document = Document("\ufeffname: a # it\r\ntags:\r\n  x: 1\r\n")
    document.set(("tags", "y"), 2)
    document.set(("name",), "b")
    assert document.to_bytes() == "\ufeffname: b # it\r\ntags:\r\n  x: 1\r\n  y: 2\r\n".encode()


def test_mixed_line_breaks_stay_where_nothing_changed() -> None:
    document = Document("a: 1\r\nb: 2\nc: 3\r\n")
    document.set(("b",), 5)
    assert document.to_bytes() == b"a: 1\r\nb: 5\nc: 3\r\n"


def test_a_missing_line_break_at_the_end_stays_missing() -> None:
    document = Document("a: 1")
    document.set(("b",), 2)
    assert document.to_bytes() == b"a: 1\nb: 2"
    document.remove(("b",))
    assert document.to_bytes() == b"a: 1"


@pytest.mark.parametrize(
    "text", ["", "# only said\n", "# only said", "---\n", "{}\n", "# said\n{}\n"]
)
def test_an_empty_document_takes_its_first_key(text: str) -> None:
    document = Document(text)
    document.set(("a", "b"), 1)
    assert document.data == {"a": {"b": "1"}}
    assert document.to_bytes().decode().startswith(text.removesuffix("{}\n"))


def test_odd_characters_survive() -> None:
    document = Document("größe: 'ünï' # ☃\n")
    document.set(("größe",), "日本\u2028\x85")
    document.set(("tags",), {"naïve key: #": "é\t"})
    again = Document(document.to_bytes().decode())
    assert again.get(("größe",)) == "日本\u2028\x85"
    assert again.get(("tags", "naïve key: #")) == "é\t"
    assert "# ☃" in document.to_bytes().decode()


def test_merging_a_mapping_replaces_what_it_does_not_have_only_if_asked() -> None:
    new = parse_mapping("a: {x: 2}\nd: 4\n")
    document = Document("a: {x: 1, y: 1}\nb: 2\nkept: 3\n")
    document.merge(new, replaces=False, keeps=frozenset())
    assert document.to_bytes() == b"a: {x: 2, y: 1}\nb: 2\nkept: 3\nd: 4\n"
    document.merge(new, replaces=True, keeps=frozenset({"kept"}))
    assert document.to_bytes() == b"a: {x: 2}\nkept: 3\nd: 4\n"


# --- whatever stands in a file


KEYS = st.sampled_from(["a", "b c", "d: e", "007", "yes", "-", "#", "é", "~", "'q'", "null", "x.y"])
TEXTS = st.one_of(
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t\x85\u2028"),
        max_size=12,
    ),
    st.sampled_from([*"~|'", "yes", "007", "null", "", " ", "1e3"]),
    st.sampled_from(["${a.b}", "- a", "{a", "a: b", "# c", "a # b"]),
)
SCALARS = st.one_of(
    TEXTS, st.none(), st.integers(-99, 99).map(lambda n: Plain(str(n))), st.just(Plain("true"))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A file in block style with comments between and behind its lines."""
    lines = block(draw(MAPPINGS), 0).split("\n")
    said = []
    for number, line in enumerate(lines):
        if draw(st.booleans()) and "|" not in "".join(lines):
            said.append(f"# said {number}")
        said.append(line)
    return "\n".join(said) + draw(st.sampled_from(["", "\n", "\n# end\n"]))


def readable(text: str) -> bool:
    try:
        parse_mapping(text)
    except Exception:
        return False
    return True


@given(documents().filter(readable), st.lists(KEYS, min_size=1, max_size=3), VALUES)
def test_a_key_that_was_set_is_read_back_and_no_other_changes(
    text: str, key: list[str], value: Any
) -> None:
    document = Document(text)
    before = document.data
    document.set(tuple(key), value)
    again = Document(document.to_bytes().decode())
    assert is_same(again.get(tuple(key)), value)
    others = {name: item for name, item in before.items() if name != key[0]}
    assert is_same(others, {name: again.data.get(name) for name in others})
    bytes_then = again.to_bytes()
    again.set(tuple(key), value)
    assert again.to_bytes() == bytes_then


@given(documents().filter(readable), st.data())
def test_a_key_that_was_removed_is_gone_and_no_other_changes(
    text: str, data: st.DataObject
) -> None:
    document = Document(text)
    before = document.data
    key = data.draw(st.sampled_from(sorted(before)))
    document.remove((key,))
    others = {name: item for name, item in before.items() if name != key}
    assert is_same(others, Document(document.to_bytes().decode()).data)
