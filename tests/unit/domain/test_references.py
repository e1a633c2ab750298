from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.references import UnsetError, expand, has_reference, literal

ENVIRON = {"A": "x", "B": "${oc.env:A}", "EMPTY": ""}
PIECES = st.lists(st.sampled_from(["\\", "${oc.env:A}", "${oc.env:", "}", "$", "{", "a", "${a}"]))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${oc.env:A}", "x"),
        ("${oc.env: A }", "x"),
        ("<${oc.env:A}/${oc.env:EMPTY}>", "<x/>"),
        ("${oc.env:B}", "${oc.env:A}"),
        ("${oc.env:NO,d}", "d"),
        ("${oc.env:NO,'d, e'}", "d, e"),
        ("${oc.env:NO,}", ""),
        ("${oc.env:NO,null}", None),
        ("${other}", "${other}"),
        ("\\${oc.env:A}", "${oc.env:A}"),
        ("\\\\${oc.env:A}", "\\x"),
    ],
)
def test_references_are_resolved_once(text: str, value: str | None) -> None:
    assert expand(text, ENVIRON) == value


@pytest.mark.parametrize("text", ["${oc.env:NO}", "a${oc.env:}", "${oc.env:a=b}"])
def test_what_can_not_be_resolved_is_said(text: str) -> None:
    with pytest.raises(UnsetError):
        expand(text, ENVIRON)


@given(PIECES)
def test_a_literal_text_is_read_back_as_itself(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert not has_reference(literal(text))
    assert expand(literal(text), {}) == text
