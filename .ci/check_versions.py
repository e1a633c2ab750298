"""Fails unless what is installed satisfies the floors of `pyproject.toml`, and can be imported.

A resolver that is short of room picks old versions without a word, and a torch from one build with
a torchvision from another installs without a word and fails on import.
"""

from __future__ import annotations

import importlib
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

IMPORTED = {
    "torch": ("torch", "torchvision.ops"),
    "keras": ("keras",),
    "": ("dask", "distributed", "omegaconf", "pluggy", "fsspec", "pandas", "pyarrow"),
}


def too_old(requirement: Requirement) -> str | None:
    """What is wrong with the installed version; `None` if nothing is."""
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{requirement.name} is not installed"
    print(f"{requirement.name} {version}")
    if requirement.specifier.contains(version, prereleases=True):
        return None
    return f"{requirement.name} {version} is not {requirement.specifier}"


def main(extras: list[str]) -> int:
    """Checks the dependencies and these extras."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"]]
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    problems = [problem for line in lines if (problem := too_old(Requirement(line)))]
    for extra in ("", *extras):
        for module in IMPORTED.get(extra, ()):
            try:
                importlib.import_module(module)
            except (ImportError, RuntimeError) as error:
                problems.append(f"{module} can't be imported: {error}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
