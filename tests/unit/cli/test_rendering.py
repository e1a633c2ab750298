from __future__ import annotations

import json
import os
from typing import Any

import jmespath
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from framework.cli import rendering
from framework.errors import UsageError

SUMMARY = {"name": "a", "counts": {"files": 3, "failed": 0}, "error": None, "is": True}
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Completed", b"Completed\n"),
        (7, b"7\n"),
        (0.5, b"0.5\n"),
        (None, b"\n"),
        (True, b"true\n"),
        ([], b""),
        (["a", "b"], b"a\nb\n"),
        ([["a", 1], ["b", None]], b"a\t1\nb\t\n"),
        ([{"n": "a", "s": False}, {"n": "b", "s": True}], b"a\tfalse\nb\ttrue\n"),
        ({"name": "a", "failed": 0}, b"a\t0\n"),
        ([{"n": "tab\there\nline"}], b"tab\\there\\nline\n"),
        ("two\nlines", b"two\nlines\n"),
        ({"counts": {"files": 3}}, b'{"files": 3}\n'),
    ],
)
def test_tsv_is_what_a_shell_can_read(value: Any, expected: bytes) -> None:
    assert rendering.to_tsv(value) == expected


def test_tsv_keeps_the_bytes_of_a_name_that_is_no_utf8() -> None:
    assert rendering.to_tsv(os.fsdecode(b"caf\xe9.png")) == b"caf\xe9.png\n"


def test_json_of_a_name_that_is_no_utf8_can_be_read_back() -> None:
    name = os.fsdecode(b"caf\xe9.png")
    assert json.loads(rendering.to_json([name, "ü"]).decode("utf-8")) == [name, "ü"]


@given(PLAIN)
def test_json_reads_back_as_what_was_written(value: Any) -> None:
    assert json.loads(rendering.to_json(value)) == value


@given(PLAIN)
def test_yaml_reads_back_as_what_was_written(value: Any) -> None:
    assert yaml.safe_load(rendering.to_yaml(value)) == value


def test_yaml_keeps_the_order_of_the_keys() -> None:
    assert rendering.to_yaml({"b": 1, "a": [1]}) == b"b: 1\na:\n- 1\n"


def test_yaml_of_a_scalar_has_no_end_of_document() -> None:
    assert rendering.to_yaml("Completed") == b"Completed\n"


def test_the_result_is_json_where_stdout_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    rendering.show(SUMMARY, form=None)
    assert json.loads(capsys.readouterr().out) == SUMMARY


def test_a_query_picks_a_part_of_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    rendering.show(SUMMARY, form="tsv", query=jmespath.compile("counts.files"))
    assert capsys.readouterr().out == "3\n"


def test_a_query_that_does_not_fit_the_result_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match=r"--query 'length\(counts.files\)'.*number") as caught:
        rendering.show(SUMMARY, form="tsv", query=jmespath.compile("length(counts.files)"))
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("expression", ["nope(@)", "length()", "length(@, @)"])
def test_a_query_that_can_never_work_is_found_before_there_is_a_result(expression: str) -> None:
    with pytest.raises(UsageError, match="--query"):
        rendering.check(jmespath.compile(expression), SUMMARY)


@pytest.mark.parametrize("expression", ["name", "length(error)", "nothing.there"])
def test_a_query_that_may_work_is_let_through(expression: str) -> None:
    rendering.check(jmespath.compile(expression), SUMMARY)


def test_a_table_of_rows_has_a_column_a_key_and_no_line_is_cut() -> None:
    rows = [{"name": "x" * 300, "files": 1}, {"name": "short", "files": 20}]
    lines = rendering.to_table(rows).decode().splitlines()
    assert lines[0].split() == ["name", "files"]
    assert "x" * 300 in lines[2]
    assert lines[3].split() == ["short", "20"]


def test_a_table_of_one_mapping_has_a_line_a_key() -> None:
    lines = rendering.to_table(SUMMARY).decode().splitlines()
    assert [line.split()[0] for line in lines] == list(SUMMARY)
    assert "files 3, failed 0" in lines[1]


def test_a_table_shows_brackets_and_control_characters_as_they_are() -> None:
    drawn = rendering.to_table([{"name": "[red]a[/red]\x1b[2J"}]).decode()
    assert "[red]a[/red]\\x1b[2J" in drawn


def test_a_column_without_any_value_is_left_out_of_a_table() -> None:
    rows = [{"name": "a", "failed": 0, "error": None}, {"name": "b", "failed": 1, "error": ""}]
    assert rendering.to_table(rows).decode().splitlines()[0].split() == ["name", "failed"]


def test_a_table_of_no_rows_is_empty() -> None:
    assert rendering.to_table([]) == b""
