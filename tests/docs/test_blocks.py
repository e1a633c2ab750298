"""Runs the code blocks of README and docs: each in a folder of its own, beside the page's files.

A block that begins with `# name.py` is a file of its page. One below `<!-- not run: why -->` is
left out; those below `<!-- ci: name -->` are run by `.ci`.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

ROOT = Path(__file__).parents[2]
IN_ONE_GO = {"tutorial.md"}  # its steps build on each other: test_tutorial.py walks it
PAGES = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if page.name not in IN_ONE_GO
]
BLOCK = re.compile(r"^(?:<!-- ([^\n]*) -->\n)?```(\w*)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
FILE = re.compile(r"# (\S+\.py)\n")
IMAGES = 12

# What a page's commands find in their folder beside what the page itself shows.
LETTERS = {"words.txt": "free prize", "letters/one.txt": "a free prize", "letters/two.txt": "hello"}


class Block(NamedTuple):
    page: Path
    line: int
    note: str
    kind: str
    text: str

    @property
    def file(self) -> str | None:
        """The file of the page that the block is, if it is one."""
        name = FILE.match(self.text) if self.kind == "python" else None
        return name[1] if name else None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found[1] or "", found[2], found[3])
        for found in BLOCK.finditer(text)
    ]


def is_run(block: Block) -> bool:
    if block.note or block.file is not None:
        return False
    # What a lone `run()` returns is looked at by the page's own test.
    return block.kind == "sh" or (block.kind == "python" and "\ndef run(" not in f"\n{block.text}")


BLOCKS = [block for page in PAGES for block in blocks_of(page)]
RUN = [block for block in BLOCKS if is_run(block)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("block", RUN, ids=str)
def test_the_code_of_a_page_runs(block: Block, tmp_path: Path) -> None:
    scores = "invoke" in block.text and "--dry-run" not in block.text
    if scores and "mnist-batch" in block.text and importlib.util.find_spec("torch") is None:
        pytest.skip("the MNIST example needs torch")
    prepare(block.page, tmp_path)
    ended = subprocess.run(
        command(block), cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"


def prepare(page: Path, folder: Path) -> None:
    """Puts the page's files into a folder, with the project's `conf/` and some of its digits."""
    files = {each.file: each.text for each in blocks_of(page) if each.file is not None}
    for name, content in {**LETTERS, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    shutil.copytree(ROOT / "conf", folder / "conf")
    example = folder / "examples" / "01-mnist"
    leave_out = shutil.ignore_patterns("digits", "__pycache__")
    shutil.copytree(ROOT / "examples" / "01-mnist", example, ignore=leave_out)
    (example / "digits").mkdir()
    for image in sorted((ROOT / "examples" / "01-mnist" / "digits").iterdir())[:IMAGES]:
        shutil.copy(image, example / "digits")


def command(block: Block) -> list[str]:
    if block.kind == "python":
        is_test = re.search(r"^(class Test|def test_)", block.text, flags=re.MULTILINE)
        return pytest_on(block.text) if is_test else [sys.executable, "-c", block.text]
    python = f'python() {{ {shlex.quote(sys.executable)} "$@"; }}\n'
    return ["bash", "-euo", "pipefail", "-c", python + block.text]


def pytest_on(source: str) -> list[str]:
    write = f"open('test_page.py', 'w').write({source!r})"
    run = "import pytest; raise SystemExit(pytest.main(['-q', '-c', '/dev/null', 'test_page.py']))"
    return [sys.executable, "-c", f"{write}; {run}"]


def environment(folder: Path) -> dict[str, str]:
    left_out = {"FRAMEWORK_CONF", "PYTHONPATH", "PYTEST_ADDOPTS"}
    inherited = {key: value for key, value in os.environ.items() if key not in left_out}
    return {**inherited, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.note], ids=str)
def test_a_block_that_is_not_run_says_why(block: Block) -> None:
    assert re.fullmatch(r"ci: \w+|not run: .{10,}", block.note)


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.kind == "yaml"], ids=str)
def test_yaml_is_yaml(block: Block) -> None:
    assert isinstance(yaml.safe_load(block.text), dict)


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.kind == "toml"], ids=str)
def test_toml_is_toml(block: Block) -> None:
    assert tomllib.loads(block.text)
