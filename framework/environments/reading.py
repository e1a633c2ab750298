"""Reading environments: conda files and lists of requirements, as their users have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from framework.domain.homes import at_home
from framework.environments.conda_files import read_conda
from framework.environments.entries import (
    Entry,
    Problems,
    Value,
    from_plain,
    parse_yaml,
    read_text,
    shown_path,
)
from framework.environments.requirements import Requirements
from framework.environments.spec import EnvironmentSpec
from framework.errors import ConfigurationError, Problem

CONDA_FILE = "environment.conda_file"
REQUIREMENTS = "environment.requirements"


def read_environment(
    *,
    conda_file: str | Path | Mapping[str, Any] | None = None,
    requirements: str | Path | Sequence[str] | None = None,
    folder: Path | None = None,
) -> EnvironmentSpec:
    """Reads what an environment is made of; requirements are added to those of the conda file.

    Args:
        conda_file: The path of a conda file, or what stands in one.
        requirements: The path of a requirements file, or its lines.
        folder: What relative paths in values that are given inline are relative to; the working
            directory where absent.

    Raises:
        ConfigurationError: All that is wrong with it, each with its file and line.
    """
    here = folder or Path.cwd()
    spec = EnvironmentSpec(source="")
    if conda_file is not None:
        spec = _conda(conda_file, here)
    if requirements is None:
        return spec
    more = _requirements(requirements, here)
    if conda_file is None:
        return more
    return _together(spec, more)


def conda_mapping(conda_file: str | Path) -> dict[str, Any]:
    """A conda file as a mapping that stands for itself: what it refers to is in it.

    Raises:
        ConfigurationError: All that is wrong with it.
    """
    spec = read_environment(conda_file=conda_file)
    return as_mapping(spec)


def as_mapping(spec: EnvironmentSpec) -> dict[str, Any]:
    """An environment written as the mapping of a conda file, with nothing to look up elsewhere.

    Raises:
        ConfigurationError: A conda file can't hold it: it has constraints.
    """
    if spec.constraints:
        message = "constraints (-c) can't be kept in a conda file: write them as requirements"
        raise ConfigurationError(Problem(key=CONDA_FILE, message=message, source=spec.source))
    python = [f"python{each}" for each in [spec.python] if each]
    pip = [{"pip": list(spec.requirements)}] if spec.requirements else []
    return {
        **({"channels": list(spec.channels)} if spec.channels else {}),
        "dependencies": [*python, *spec.seeds, *spec.conda, *pip],
        **({"variables": dict(spec.variables)} if spec.variables else {}),
    }


def _conda(written: str | Path | Mapping[str, Any], folder: Path) -> EnvironmentSpec:
    problems = Problems(CONDA_FILE)
    if isinstance(written, Mapping):
        value, source, base = from_plain(written, ""), CONDA_FILE, folder
    else:
        path = folder / at_home(str(written))
        source, base = shown_path(path), path.parent
        value = _parsed(path, problems)
    spec = EnvironmentSpec(source=source)
    if not problems.found:
        spec = read_conda(value, source=source, folder=base, problems=problems)
    if problems.found:
        raise ConfigurationError(*problems.found)
    return spec


def _parsed(path: Path, problems: Problems) -> Value:
    source = shown_path(path)
    try:
        return parse_yaml(read_text(path), source)
    except ValueError as error:
        problems.add(Entry("", source), str(error))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        problems.add(Entry("", source, line), f"broken YAML: {error.problem or error.context}")
    except yaml.YAMLError as error:
        problems.add(Entry("", source), f"broken YAML: {' '.join(str(error).split())}")
    return None


def _requirements(written: str | Path | Sequence[str], folder: Path) -> EnvironmentSpec:
    problems = Problems(REQUIREMENTS)
    read = Requirements(problems)
    if isinstance(written, str | Path):
        path = folder / at_home(str(written))
        source = shown_path(path)
        read.add_file(path, Entry("", ""))
    else:
        source = REQUIREMENTS
        read.add((Entry(str(line).strip()) for line in written if str(line).strip()), folder)
    if problems.found:
        raise ConfigurationError(*problems.found)
    return EnvironmentSpec(
        source=source,
        requirements=tuple(read.lines),
        constraints=tuple(read.constraints),
        seeds=tuple(read.seeds),
        local=tuple(read.local.items()),
        notes=tuple(dict.fromkeys(read.notes)),
    )


def _together(conda: EnvironmentSpec, more: EnvironmentSpec) -> EnvironmentSpec:
    return EnvironmentSpec(
        source=f"{conda.source} and {more.source}",
        python=conda.python,
        requirements=conda.requirements + more.requirements,
        constraints=conda.constraints + more.constraints,
        seeds=conda.seeds + more.seeds,
        conda=conda.conda,
        channels=conda.channels,
        variables=conda.variables,
        local=tuple(dict([*conda.local, *more.local]).items()),
        notes=tuple(dict.fromkeys([*conda.notes, *more.notes])),
    )
