from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from framework.plugin import HOOKS, spec

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")


def test_every_hook_that_is_specified_is_known() -> None:
    marked = {
        name
        for name, value in vars(spec).items()
        if inspect.isfunction(value) and hasattr(value, f"{spec.PROJECT}_spec")
    }
    assert marked == set(HOOKS)


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented_with_its_signature(name: str) -> None:
    parameters = ", ".join(inspect.signature(getattr(spec, name)).parameters)
    assert f"`{name}({parameters})`" in PAGE


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_says_when_it_is_called_where_and_how(name: str) -> None:
    text = inspect.getdoc(getattr(spec, name)) or ""
    assert re.search(r"^Called (once )?in ", text, flags=re.MULTILINE)
    assert f"Example:\n    @hookimpl\n    def {name}(" in text
