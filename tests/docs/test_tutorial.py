"""Walks the tutorial from an empty folder, as its reader would type it: with the page's own YAML
and with the same deployments in both of Azure ML's forms.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial.md"
AZURE = Path(__file__).with_name("azure")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
FILE = re.compile(r"# (\S+\.yaml)\n")
DIGITS = 60

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Reader:
    """Follows the page in one folder and one shell session, step by step."""

    def __init__(self, folder: Path, checkout: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "CHECKOUT": str(checkout),
            "PYTHONPATH": str(ROOT),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "XDG_CACHE_HOME": str(folder.parent / "cache"),
        }

    def types(self, commands: str) -> str:
        """Types commands; shell variables live on in the next step."""
        ended = subprocess.run(
            ["bash", "-ec", f"{commands}\nprintf '\\0JOB=%s' \"$JOB\""],
            cwd=self.folder,
            env={"JOB": "", **self.environment},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert ended.returncode == 0, f"{commands}\n{ended.stdout}\n{ended.stderr}"
        out, _, job = ended.stdout.rpartition("\0JOB=")
        self.environment["JOB"] = job
        return out

    def asks(self, *words: str) -> object:
        """The JSON that one of our commands prints."""
        ended = subprocess.run(
            [sys.executable, "-m", "framework", *words, "-o", "json"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A checkout with fewer digits: the way is the same, and shorter."""
    folder = tmp_path_factory.mktemp("checkout") / "examples" / "01-mnist"
    (folder / "digits").mkdir(parents=True)
    example = ROOT / "examples" / "01-mnist"
    for name in ("code", "models"):
        (folder / name).symlink_to(example / name)
    for image in sorted((example / "digits").iterdir())[:DIGITS]:
        (folder / "digits" / image.name).write_bytes(image.read_bytes())
    return folder.parents[1]


def steps() -> list[tuple[str, str]]:
    """The page's blocks in order: files and commands."""
    return [(found[1], found[2]) for found in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("form", ["ours", "flat", "model"])
def test_the_tutorial_runs_from_an_empty_folder(form, tmp_path, checkout):
    # Looked for, not imported: torch and TensorFlow in one process can abort it.
    for library in ("torch", "tensorflow"):
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"the tutorial scores with {library}")
    folder = tmp_path / "work"
    folder.mkdir()
    reader = Reader(folder, checkout)
    for kind, text in steps():
        if kind == "yaml":
            name = FILE.match(text)[1]
            azure = AZURE / form / name
            (folder / name).write_text(
                azure.read_text(encoding="utf-8") if azure.exists() else text, encoding="utf-8"
            )
        else:
            reader.types(text)

    first = (folder / "out" / "predictions.csv").read_text().splitlines()
    assert first[0].split(",")[0] == "file"
    assert len(first) == DIGITS + 1
    downloaded = next((folder / "results").rglob("predictions.csv"))
    assert downloaded.read_text().splitlines() == first
    assert len((folder / "out" / "digits.jsonl").read_text().splitlines()) == DIGITS
    assert len((folder / "keras" / "predictions.csv").read_text().splitlines()) == DIGITS + 1
    jobs = reader.asks("job", "list")
    assert [job["status"] for job in jobs] == ["Completed"] * 4
    assert {job["deployment"] for job in jobs} == {"mnist-torch-dpl", "mnist-keras-dpl"}
    assert {job["model"] for job in jobs} == {"mnist-torch:1", "mnist-keras:1"}
    assert reader.asks("endpoint", "list") == []
    assert not (folder / "conf" / "deployment" / "mnist-batch").exists()
