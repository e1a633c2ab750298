"""What makes environments: uv, pip, micromamba, mamba or conda, and their command lines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from framework.environments.spec import EnvironmentSpec

_CONDA_TOOLS = ("micromamba", "mamba", "conda")
_HARMLESS = frozenset(
    {
        "cache-dir",
        "cert",
        "config-file",
        "default-timeout",
        "disable-pip-version-check",
        "no-cache-dir",
        "no-input",
        "progress-bar",
        "require-virtualenv",
        "root-user-action",
        "timeout",
    }
)
_CONFIG_S = 30.0
_OF_THE_PARENT = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONEXECUTABLE",
    "PYTHONSTARTUP",
    "VIRTUAL_ENV",
    "VIRTUAL_ENV_PROMPT",
    "CONDA_PREFIX",
    "CONDA_DEFAULT_ENV",
    "__PYVENV_LAUNCHER__",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_USER",
    "UV_PYTHON",
    "UV_PROJECT_ENVIRONMENT",
    "UV_SYSTEM_PYTHON",
)


def conda_tool() -> str | None:
    """The first of micromamba, mamba and conda that is there."""
    named = [os.environ.get("MAMBA_EXE"), os.environ.get("CONDA_EXE")]
    found = [shutil.which(each) for each in (*_CONDA_TOOLS, *named) if each]
    return next((each for each in found if each), None)


def uv_tool(spec: EnvironmentSpec) -> str | None:
    """uv, where it is there and makes the same environment as pip would.

    It reads nothing of pip's configuration, and something said of pip is not for it.
    """
    uv = shutil.which("uv")
    if uv is None or any(seed.startswith("pip") for seed in spec.seeds) or has_pip_settings():
        return None
    return uv


def building_tools() -> list[str]:
    """What environments are made by here, by name."""
    uv = uv_tool(EnvironmentSpec(source=""))
    return [Path(tool).name for tool in (uv or "pip", conda_tool()) if tool]


@cache
def has_pip_settings() -> bool:
    """Whether pip is configured, by files or `PIP_*`, in what changes the packages it finds."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "config", "list"],
            capture_output=True,
            timeout=_CONFIG_S,
            check=False,
            text=True,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    names = {line.partition("=")[0].rpartition(".")[2] for line in done.stdout.splitlines()}
    return bool(names - _HARMLESS - {""})


def build_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of a build: the user's own, but for what belongs to our Python."""
    result = {key: value for key, value in environ.items() if key not in _OF_THE_PARENT}
    # As pip does: the best version of all indexes, not the first index that has any.
    result.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    result.update(
        PIP_NO_INPUT="1",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_NO_WARN_SCRIPT_LOCATION="1",
        PIP_ROOT_USER_ACTION="ignore",
        PYTHONNOUSERSITE="1",
        PYTHONUNBUFFERED="1",
    )
    return result


def create_by_uv(uv: str, interpreter: str, folder: Path) -> list[str]:
    """Makes an empty environment."""
    return [uv, "venv", "--no-project", "--seed", "--python", interpreter, str(folder)]


def create_by_venv(interpreter: str, folder: Path) -> list[str]:
    """The same, by what comes with Python."""
    return [interpreter, "-I", "-m", "venv", str(folder)]


def create_by_conda(tool: str, file: Path, folder: Path) -> list[str]:
    """Makes an environment with what the conda file `file` names."""
    if Path(tool).name.startswith("micromamba"):
        return [tool, "create", "--yes", "--prefix", str(folder), "--file", str(file)]
    return [tool, "env", "create", "--yes", "--prefix", str(folder), "--file", str(file)]


def install_by_uv(uv: str, python: Path, arguments: list[str]) -> list[str]:
    """Installs into an environment."""
    return [uv, "pip", "install", "--no-config", "--python", str(python), *arguments]


def install_by_pip(python: Path, arguments: list[str]) -> list[str]:
    """The same, by the environment's own pip."""
    return [str(python), "-I", "-m", "pip", "install", *arguments]
