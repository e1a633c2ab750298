from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md", "plugins/**/*.md")
    for page in ROOT.glob(pattern)
)
BLOCK = re.compile(r"^(?:<!-- ([^\n]*) -->\n)?```(\w*)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (str(page.relative_to(ROOT)), text)
        for page in PAGES
        for _, kind, text in BLOCK.findall(page.read_text(encoding="utf-8"))
        if kind == language
    ]


def readme_command(name: str) -> str:
    script = ROOT / ".ci" / "readme_command.py"
    command = [sys.executable, str(script), str(ROOT / "README.md"), name]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    targets = [each.partition("#")[0] for each in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [each for each in targets if each and "://" not in each]
    assert [each for each in local if not (page.parent / each).exists()] == []


@pytest.mark.parametrize(("page", "source"), blocks("python"))
def test_every_python_block_compiles(page: str, source: str) -> None:
    compile(source, page, "exec", dont_inherit=True)


def test_the_readme_has_its_two_commands() -> None:
    assert readme_command("invoke").endswith(
        "-m framework invoke endpoint=mnist-batch input=examples/01-mnist/digits output.path=out"
    )
    assert readme_command("tests").endswith("/bin/python -m pytest -n 3 --dist worksteal")


@pytest.mark.parametrize("name", ["invoke", "tests"])
def test_each_command_makes_an_environment_and_installs_into_it(name: str) -> None:
    make, install, *more, last = readme_command(name).split(" && ")
    folder = make.removeprefix("python3 -m venv ")
    assert all(each.startswith(f"{folder}/bin/pip install ") for each in (install, *more))
    assert last.startswith(f"{folder}/bin/python -m ")


@pytest.mark.parametrize(("page", "text"), [*blocks("sh"), *blocks("toml"), *blocks("yaml")])
def test_no_page_names_an_extra_that_is_not_there(page: str, text: str) -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {
        extra
        for group in re.findall(r"'(?:\.|dask-batch-endpoints)\[([^]]+)\]'", text)
        for extra in group.split(",")
    }
    assert named <= set(project["optional-dependencies"])
