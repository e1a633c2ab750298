from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from framework.plugin import ENTRY_POINT_GROUP

Install = Callable[..., Path]


@pytest.fixture(autouse=True)
def _forget_imported_modules() -> Iterator[None]:
    """Modules that a test's plugins bring must not be there for the next test."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("stranger"):
            del sys.modules[name]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a distribution with one plugin module, as a stranger's package would be."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(
        module: str, source: str, *, entry_point: str | None = None, name: str | None = None
    ) -> Path:
        (tmp_path / f"{module}.py").write_text(dedent(source), encoding="utf-8")
        info = tmp_path / f"{name or module}-1.2.3.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {name or module}\nVersion: 1.2.3\n"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        (info / "entry_points.txt").write_text(
            f"[{ENTRY_POINT_GROUP}]\n{entry_point or f'{module} = {module}'}\n", encoding="utf-8"
        )
        return info

    return install
