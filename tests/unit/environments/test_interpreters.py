from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from framework.environments import interpreters
from framework.environments.conda_specs import parse_conda, without_patch
from framework.environments.interpreters import find_interpreter, fits, installed

Make = Callable[[str, str], Path]


def fake(make: Make, name: str, version: str, *, makes_venvs: bool = True) -> Path:
    told = json.dumps({"version": version, "base": "", "venv": makes_venvs})
    return make(name, f"#!/bin/sh\necho '{told}'\n")


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes some interpreters the only ones of the machine, beside the running one."""

    def known(*paths: Path, is_running_there: bool = False) -> None:
        found: Iterable[str] = map(str, paths)
        running = [sys.executable] if is_running_there else []
        candidates = [*running, *found]
        monkeypatch.setattr(interpreters, "_candidates", lambda: candidates)

    return known


def version_of(constraint: str) -> str | None:
    found = find_interpreter(parse_conda(f"python{constraint}").versions, needs_venv=True)
    return found.version if found else None


def test_an_exact_version_is_preferred_and_another_patch_is_taken(
    executable: Make, only: Callable[..., None]
) -> None:
    only(
        fake(executable, "a", "3.8.5"),
        fake(executable, "b", "3.8.18"),
        fake(executable, "c", "3.9.1"),
    )
    assert version_of("=3.8.5") == "3.8.5"
    assert version_of("=3.8.7") == "3.8.18"
    assert version_of("==3.8") == "3.8.18"
    assert version_of("=3.8") == "3.8.18"
    assert version_of(">=3.8,<3.10") == "3.9.1"
    assert version_of(" 3.8.*|3.9.*") == "3.9.1"
    assert version_of("=3.7") is None
    assert version_of(">=3.10") is None


def test_the_running_interpreter_is_preferred_to_newer_ones(
    executable: Make, only: Callable[..., None]
) -> None:
    only(fake(executable, "a", "3.99.0"), is_running_there=True)
    running = ".".join(map(str, sys.version_info[:3]))
    assert version_of("") == running
    assert version_of(">=3.8") == running
    assert version_of("=3.99") == "3.99.0"


def test_one_that_can_make_no_environment_is_passed_over(
    executable: Make, only: Callable[..., None]
) -> None:
    only(
        fake(executable, "a", "3.9.5", makes_venvs=False),
        fake(executable, "b", "3.9.1"),
    )
    assert version_of("=3.9") == "3.9.1"
    assert find_interpreter("==3.9.*", needs_venv=False).version == "3.9.5"  # type: ignore[union-attr]


def test_what_can_not_be_started_or_says_nonsense_is_no_interpreter(
    executable: Make, only: Callable[..., None], tmp_path: Path
) -> None:
    only(
        executable("a", "#!/bin/sh\nexit 1\n"),
        executable("b", "#!/bin/sh\necho hello\n"),
        executable("c", "#!/nowhere/python\n"),
        tmp_path / "gone",
    )
    assert installed() == []


def test_interpreters_of_pyenv_uv_and_the_path_are_found(
    executable: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, version in {
        "versions/3.90.1/bin/python3": "3.90.1",
        "uv/cpython-3.91.2-linux/bin/python3": "3.91.2",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.symlink_to(fake(executable, f"fake-{version}", version))
    fake(executable, "python3.92", "3.92.3")
    executable("python-config", "#!/bin/sh\necho '{}'\n")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/nowhere:")
    versions = {each.version for each in installed()}
    assert {"3.90.1", "3.91.2", "3.92.3"} <= versions
    assert find_interpreter("==3.91.*", needs_venv=True) is not None


@pytest.mark.parametrize(
    ("written", "fitting", "not_fitting"),
    [
        ("=3.8", "3.8.18", "3.9.0"),
        ("==3.8.5", "3.8.5", "3.8.6"),
        ("=3.8.5", "3.8.5", "3.8.6"),
        ("=3.10", "3.10.2", "3.1.0"),
        (">=3.8,<3.11", "3.10.9", "3.11.0"),
        ("<=3.9", "3.9.0", "3.10.0"),
        ("!=3.9.1", "3.9.2", "3.9.1"),
        (" 3.9.*", "3.9.7", "3.8.0"),
        ("=3.8.5=h1a2_0_cpython", "3.8.5", "3.8.4"),
        ("[version='>=3.9,<3.10']", "3.9.3", "3.10.0"),
        ("=3.8|=3.10", "3.10.1", "3.9.0"),
    ],
)
def test_condas_ways_to_write_a_version_mean_what_they_mean_there(
    written: str, fitting: str, not_fitting: str
) -> None:
    versions = parse_conda(f"python{written}").versions
    assert fits(fitting, versions)
    assert not fits(not_fitting, versions)


def test_only_pins_of_a_patch_version_are_relaxed() -> None:
    assert without_patch("==3.8.5.*") == "==3.8.*"
    assert without_patch("==3.8.5") == "==3.8.*"
    assert without_patch("==3.8.*") == "==3.8.*"
    assert without_patch(">=3.8.5,<3.9") == ">=3.8.5,<3.9"
    assert without_patch("") == ""
