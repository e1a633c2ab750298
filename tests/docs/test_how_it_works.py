from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from framework.domain.outcomes import Outcome, Part
from framework.jobs.ledger import Intent, decode_receipt

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"\[`([\w.]+)`\]\(\.\./(framework/[\w/]+)\.py\)", PAGE)))
CONSTANTS = re.findall(r"(\d+) s \(\[`(\w+)`\]\(\.\./(framework/[\w/]+)\.py\)\)", PAGE)


def module(path: str) -> ModuleType:
    return importlib.import_module(path.replace("/", "."))


@pytest.mark.parametrize(("name", "path"), NAMED)
def test_what_the_page_names_is_where_it_says(name: str, path: str) -> None:
    found: object = module(path)
    if path.endswith(f"/{name}"):
        return
    for part in name.split("."):
        found = getattr(found, part)


@pytest.mark.parametrize(("seconds", "name", "path"), CONSTANTS)
def test_a_time_that_the_page_says_is_that_of_the_code(seconds: str, name: str, path: str) -> None:
    assert getattr(module(path), name) == float(seconds)


def test_every_floor_is_on_the_page() -> None:
    floors = {
        path.stem
        for path in (ROOT / "framework").iterdir()
        if not path.name.startswith(("_", ".")) and (path.is_dir() or path.suffix == ".py")
    }
    table = PAGE.partition("## Where what is")[2]
    assert set(re.findall(r"^\| (\w+) \|", table, re.MULTILINE)) - {"floor"} == floors - {"testing"}


def test_the_ledgers_lines_have_the_fields_that_are_shown() -> None:
    (block,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    seals, receipt, intent, ended = map(json.loads, block.splitlines())
    assert set(seals) == {"seals"}
    assert set(intent["intent"]) == set(Intent._fields)
    assert set(ended["ended"]) == {"status", "error"}
    line = receipt["receipt"]
    assert set(line["part"]) <= set(Part.__dataclass_fields__)
    (outcome,) = decode_receipt({**line, "part": None}).outcomes
    assert outcome == Outcome(4, 10, 10, 10, 1, 0.02, 460, 0)
