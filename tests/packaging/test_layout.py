from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import framework
from framework.plugin import ENTRY_POINT_GROUP
from framework.plugin.plugins import PACKAGE_OF_SCORER

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "framework").rglob("*.py"))
CHILD = sorted((ROOT / "framework" / "scoring" / "child").glob("*.py"))
PACKAGES = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
HOMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "base"}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(nodes: list[ast.stmt]) -> Iterator[tuple[int, str]]:
    """The level and the module of each import among these statements."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


@pytest.mark.parametrize("path", CHILD, ids=relative)
def test_a_scorer_process_needs_only_the_standard_library(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
    absolute = [module for level, module in imports(tree.body) if level == 0]
    strangers = [each for each in absolute if each.partition(".")[0] not in sys.stdlib_module_names]
    assert strangers == []


@pytest.mark.parametrize("path", CHILD, ids=relative)
def test_a_scorer_process_never_imports_the_framework(path: Path) -> None:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    found = list(imports([node for node in nodes if isinstance(node, ast.stmt)]))
    assert [module for _, module in found if module.partition(".")[0] == "framework"] == []
    assert [level for level, _ in found if level > 1] == []


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_every_module_has_a_home_a_docstring_and_a_bearable_length(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert path.stem not in HOMELESS
    assert ast.get_docstring(ast.parse(text))
    assert text.count("\n") < 400


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_the_framework_uses_its_own_rooms_not_its_public_face(path: Path) -> None:
    """`from framework import Scorer` inside would go round the floors unseen."""
    if path == ROOT / "framework" / "__init__.py":
        return
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    statements = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    rooms = {each.stem for each in (ROOT / "framework").iterdir()} | {"__version__"}
    for node in statements:
        if node.level == 0 and node.module == "framework":
            assert {alias.name for alias in node.names} <= rooms


@pytest.mark.parametrize("folder", PACKAGES, ids=relative)
def test_a_plugin_of_ours_uses_only_public_names(folder: Path) -> None:
    sources = [path for path in folder.rglob("*.py") if "tests" not in path.parts]
    assert sources
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                assert not node.module.startswith("framework."), path
                if node.module == "framework":
                    assert {alias.name for alias in node.names} <= set(framework.__all__)


@pytest.mark.parametrize("folder", PACKAGES, ids=relative)
def test_a_plugin_of_ours_is_found_by_its_entry_point(folder: Path) -> None:
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"][ENTRY_POINT_GROUP]
    assert any(line.startswith("dask-batch-endpoints") for line in project["dependencies"])


def test_what_a_missing_scorer_says_to_install_is_there() -> None:
    ours = {f"./{relative(folder)}" for folder in PACKAGES if folder.name.startswith("scorer-")}
    assert set(PACKAGE_OF_SCORER.values()) == ours


def test_only_packages_that_are_shipped_lie_beside_the_framework() -> None:
    """A folder with an `__init__.py` at the root would be importable from every checkout."""
    assert [relative(path) for path in ROOT.glob("*/__init__.py")] == ["framework/__init__.py"]
