from __future__ import annotations

import os
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from framework.environments import interpreters, tools


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own for each test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("FRAMEWORK_ENVIRONMENTS", str(folder))
    return folder


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """What is remembered of the machine is forgotten."""
    yield
    tools.has_pip_settings.cache_clear()
    interpreters._probe.cache_clear()
    interpreters._base.cache_clear()


@pytest.fixture
def executable(tmp_path: Path) -> Callable[[str, str], Path]:
    """Makes scripts that can be run."""

    def make(name: str, source: str) -> Path:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(source))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return make


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No index: pip finds what lies in a folder and nothing else."""
    for name in [each for each in os.environ if each.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture(scope="session")
def empty_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "env"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, empty_environment: Path) -> None:
    """Empty environments are copied: making one takes seconds. (`python -m pip` works there.)"""
    monkeypatch.setattr(
        tools, "create_by_venv", lambda _, folder: ["cp", "-a", str(empty_environment), str(folder)]
    )
