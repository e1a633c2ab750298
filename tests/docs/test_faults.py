"""Each test that the page of faults names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(test_\w+)`", PAGE)))
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]


def all_tests() -> set[str]:
    files = (ROOT / "tests").rglob("test_*.py")
    return {name for file in files for name in re.findall(r"def (test_\w+)\(", file.read_text())}


def test_each_test_that_the_page_names_is_there() -> None:
    there = all_tests()
    assert [name for name in NAMED if name not in there] == []


@pytest.mark.parametrize("row", [row for row in ROWS if not row.startswith("| fault ")])
def test_each_fault_is_shown_by_a_test_and_says_of_each_store(row: str) -> None:
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert len(cells) == 5
    assert all(cells)
    assert "`test_" in row
