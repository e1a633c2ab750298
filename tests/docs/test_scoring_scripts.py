from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest

from framework.outputs import Block
from framework.outputs.text import CsvFormat
from framework.scoring.child.encoding import make_encoder
from framework.scoring.child.results import UnsupportedResultError, tabulate

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scoring-scripts.md").read_text(encoding="utf-8")
FILES = ["a.png", "b.png"]
PAIR = r"^```python\n((?:(?!^```).*\n)+)```\n\n```{}\n((?:(?!^```).*\n)+)```$"


def shown_with(kind: str) -> list[Any]:
    """The scripts that the page shows with what becomes of their results."""
    found = re.findall(PAIR.format(kind), PAGE, re.MULTILINE)
    assert len(found) == len(re.findall(rf"^```{kind}$", PAGE, re.MULTILINE))
    return [pytest.param(*pair, id=f"{kind}{number}") for number, pair in enumerate(found)]


def returned(script: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile(script, "docs/scoring-scripts.md", "exec"), names)
    return names["run"]([f"/data/{name}" for name in FILES])


@pytest.mark.parametrize(("script", "output"), shown_with("csv"))
def test_a_result_becomes_the_output_that_is_shown(script: str, output: str) -> None:
    result = returned(script)
    encoded = make_encoder(CsvFormat().child_encoding).encode(tabulate(result, FILES), result)
    columns = [(name, kind) for name, kind in encoded.columns]
    written = io.BytesIO()
    rows = list(CsvFormat().join(columns, [Block(tuple(columns), iter([encoded.data]))], written))
    assert written.getvalue().decode() == output
    assert rows == [output.count("\n") - 1]


@pytest.mark.parametrize(("script", "message"), shown_with("error"))
def test_what_is_no_result_is_refused_as_is_shown(script: str, message: str) -> None:
    with pytest.raises(UnsupportedResultError) as refused:
        tabulate(returned(script), FILES)
    assert f"{refused.value}\n" == message


def test_the_missing_files_of_a_short_result_are_those_that_are_shown() -> None:
    pair = PAIR.format("csv").removesuffix("$") + r"\n\n```missing\n(.+)\n```$"
    ((script, _, missing),) = re.findall(pair, PAGE, re.MULTILINE)
    assert tabulate(returned(script), FILES).missing == [missing]
