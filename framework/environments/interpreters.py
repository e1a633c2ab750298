"""The Python interpreters of this machine, and which of them an environment is made with."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from framework.environments.conda_specs import without_patch

OLDEST = Version("3.8")
"""What scorer processes run on."""

_PROBE = (
    "import sys, json\n"
    "from importlib.util import find_spec\n"
    "print(json.dumps({'version': '.'.join(map(str, sys.version_info[:3])),"
    " 'base': getattr(sys, '_base_executable', sys.executable),"
    " 'venv': find_spec('venv') is not None and find_spec('ensurepip') is not None}))"
)
_PROBE_S = 20.0
_NAME = re.compile(r"python3?(?:\.\d+)?")
_HINT = re.compile(r"(?:^|/)(?:cpython-|python)?(3\.\d+)(?:\.\d+)?(?=$|[-/+])")
_CONDA_HOMES = ("miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", "miniconda")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python that is installed here.

    Attributes:
        path: Its executable.
        version: `3.8.18`.
        makes_venvs: Whether it has what `python -m venv` needs; Debian's needs a package more.
    """

    path: str
    version: str
    makes_venvs: bool


def installed() -> list[Interpreter]:
    """All interpreters that can be found and started, the newest first, each version once."""
    found: dict[str, Interpreter] = {}
    for interpreter in _probed(_candidates()):
        known = found.get(interpreter.version)
        if known is None or (interpreter.makes_venvs and not known.makes_venvs):
            found[interpreter.version] = interpreter
    return sorted(found.values(), key=lambda each: Version(each.version), reverse=True)


def find_interpreter(constraint: str, *, needs_venv: bool) -> Interpreter | None:
    """The interpreter for an environment: the running one where it fits, else the newest that does.

    One that differs in its patch version only is taken where none fits exactly.

    Args:
        constraint: As in `EnvironmentSpec.python`.
        needs_venv: Whether it has to make the environment by itself.
    """
    relaxed = without_patch(constraint)
    candidates = [path for path in _candidates() if _may_fit(path, relaxed)]
    there = [each for each in _probed(candidates) if each.makes_venvs or not needs_venv]
    for wanted in (constraint, relaxed):
        fitting = [each for each in there if fits(each.version, wanted)]
        if fitting:
            return max(fitting, key=_preference)
    return None


def fits(version: str, constraint: str) -> bool:
    """Whether a version is one that is asked for."""
    alternatives = constraint.split("|")
    return any(SpecifierSet(each).contains(version, prereleases=True) for each in alternatives)


def _preference(interpreter: Interpreter) -> tuple[bool, Version]:
    return interpreter.path == _base(), Version(interpreter.version)


@cache
def _base() -> str:
    running = _probe(sys.executable)
    return running.path if running else ""


def _may_fit(path: str, constraint: str) -> bool:
    """Whether a path's name does not say that it is another version."""
    hints = _HINT.findall(path)
    if not constraint or not hints or path == sys.executable:
        return True
    return any(fits(f"{hints[-1]}.{patch}", constraint) for patch in (0, 5, 99))


def _probed(paths: Iterable[str]) -> Iterator[Interpreter]:
    seen: set[str] = set()
    for path in paths:
        real = os.path.realpath(path)
        if real not in seen:
            seen.add(real)
            interpreter = _probe(path)
            if interpreter is not None:
                yield interpreter


@cache
def _probe(path: str) -> Interpreter | None:
    """Asks an interpreter what it is; `None` for what can't be started, or is too old to answer."""
    try:
        done = subprocess.run(
            [path, "-I", "-c", _PROBE], capture_output=True, timeout=_PROBE_S, check=False
        )
        told = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    base = str(told["base"])
    return Interpreter(
        path=base if os.access(base, os.X_OK) else path,
        version=str(told["version"]),
        makes_venvs=bool(told["venv"]),
    )


def _candidates() -> list[str]:
    found = [sys.executable, *_on_path(), *_of_pyenv(), *_of_uv(), *_of_conda()]
    return [path for path in dict.fromkeys(found) if os.access(path, os.X_OK)]


def _on_path() -> Iterator[str]:
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        for name in _names(folder) if folder else ():
            if _NAME.fullmatch(name):
                yield os.path.join(folder, name)  # noqa: PTH118


def _of_pyenv() -> Iterator[str]:
    root = os.environ.get("PYENV_ROOT") or "~/.pyenv"
    yield from _below(f"{root}/versions")


def _of_uv() -> Iterator[str]:
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    yield from _below(os.environ.get("UV_PYTHON_INSTALL_DIR") or f"{data}/uv/python")


def _of_conda() -> Iterator[str]:
    homes = ["/opt/conda", *(f"~/{name}" for name in _CONDA_HOMES)]
    executable = os.environ.get("CONDA_EXE")
    if executable:
        homes.append(str(Path(executable).parent.parent))
    if os.environ.get("MAMBA_ROOT_PREFIX"):
        homes.append(os.environ["MAMBA_ROOT_PREFIX"])
    for home in homes:
        yield os.path.expanduser(f"{home}/bin/python")  # noqa: PTH111
        yield from _below(f"{home}/envs")


def _below(folder: str) -> Iterator[str]:
    home = os.path.expanduser(folder)  # noqa: PTH111  doesn't raise where there is no home
    for name in _names(home):
        yield f"{home}/{name}/bin/python3"


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder), reverse=True)  # noqa: PTH208
    except OSError:
        return []  # not there, or not ours to look at
