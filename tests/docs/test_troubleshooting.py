from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
GAP = "…"
TITLES = re.findall(r"^### (.*)$", PAGE, re.MULTILINE)
MESSAGES = [title[1:-1] for title in TITLES if re.fullmatch("`[^`]+`", title)]


def templates(node: ast.AST) -> Iterator[str]:
    """The texts of a module but its docstrings, with a gap for each value that is put in."""
    docstrings = {id(each.value) for each in ast.walk(node) if isinstance(each, ast.Expr)}
    for each in ast.walk(node):
        if id(each) in docstrings:
            continue
        if isinstance(each, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else GAP for part in each.values
            )
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield re.sub(r"\{\d+\}", GAP, each.value)


TEXTS = "\n".join(
    text
    for path in sorted((ROOT / "framework").rglob("*.py"))
    for text in templates(ast.parse(path.read_text(encoding="utf-8")))
)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_one_that_the_code_says(message: str) -> None:
    pieces = [re.escape(piece) for piece in message.strip(GAP).split(GAP)]
    assert max(map(len, pieces)) >= 10, "too little to be recognized"
    said = re.search(r"[^\n]*?".join(pieces), TEXTS)
    assert said, f"nothing in framework/ says {message!r} any more"


def test_every_title_is_plain_or_says_whose_message_it_is() -> None:
    others = [title for title in TITLES if title.strip("`") not in MESSAGES]
    assert all("`" not in title or ", from " in title for title in others)
