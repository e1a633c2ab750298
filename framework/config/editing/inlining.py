"""What an environment's files say, in the place of their paths: a version never changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from framework.config.editing.addresses import Kind
from framework.config.editing.document import Document
from framework.config.schema import Key
from framework.config.texts import Lined
from framework.config.yaml_files import read_yaml, shown_path
from framework.domain.homes import at_home
from framework.environments import conda_mapping, located_line, read_environment
from framework.errors import ConfigurationError, Problem

_CONDA, _REQUIREMENTS = "conda_file", "requirements"


def inline_files(document: Document, folder: Path, source: str) -> None:
    """Takes over an environment's conda file and requirements.

    They are taken as they are written, unless they refer to other files: then with what those say.

    Args:
        document: Of an environment; changed in place.
        folder: What its relative paths are relative to.
        source: Where they were written, for messages.

    Raises:
        ConfigurationError: A file can't be read.
    """
    conda_file = document.get((_CONDA,))
    if isinstance(conda_file, str):
        path = _existing(folder, conda_file, document.data, _CONDA, source)
        document.set((_CONDA,), _conda(path))
    requirements = document.get((_REQUIREMENTS,))
    if isinstance(requirements, str):
        path = _existing(folder, requirements, document.data, _REQUIREMENTS, source)
        document.set((_REQUIREMENTS,), _lines(path))
    elif isinstance(requirements, list) and _located(requirements, folder) != requirements:
        document.set((_REQUIREMENTS,), _resolved(requirements, folder))


def with_located_lines(document: Document, kind: Kind, folder: Path) -> None:
    """Makes paths in the lines for pip that stand inline absolute.

    Args:
        document: Of any kind; changed in place.
        kind: Which.
        folder: What the paths are relative to.
    """
    for prefix in _prefixes(kind):
        for name in (_CONDA, _REQUIREMENTS):
            value = document.get((*prefix, name))
            if isinstance(value, dict | list):
                document.set((*prefix, name), _located(value, folder))


def _prefixes(kind: Kind) -> Iterator[Key]:
    if kind == "environment":
        yield ()
    if kind == "deployment":
        yield ("environment",)
    if kind in {"deployment", "endpoint"}:
        yield ("settings", "environment")


def _conda(path: Path) -> dict[str, Any]:
    written = dict(read_yaml(path))
    return written if _located(written, path.parent) == written else conda_mapping(path)


def _lines(path: Path) -> list[str]:
    text = path.read_bytes().decode("utf-8-sig", "replace")
    bare = (line.partition(" #")[0].strip() for line in text.splitlines())
    lines = [line for line in bare if line and not line.startswith("#")]
    is_bare = not any(line.endswith("\\") for line in lines)
    if is_bare and [located_line(line, path.parent) for line in lines] == lines:
        return lines
    return _resolved(path, path.parent)


def _resolved(requirements: Path | list[str], folder: Path) -> list[str]:
    """The lines with those of the files that they refer to."""
    spec = read_environment(requirements=requirements, folder=folder)
    if spec.constraints:
        message = "constraints (-c) can't be kept in a version: write them as requirements"
        raise ConfigurationError(Problem(key=_REQUIREMENTS, message=message))
    return [*spec.seeds, *spec.requirements]


def _located(value: Any, folder: Path) -> Any:
    """The same with the lines for pip located: those of a list, or of a conda file's `pip`."""
    if isinstance(value, list):
        return [located_line(str(each), folder) for each in value]
    dependencies = value.get("dependencies")
    if not isinstance(dependencies, list):
        return value
    located = [
        {**each, "pip": _located(each["pip"], folder)}
        if isinstance(each, dict) and isinstance(each.get("pip"), list)
        else each
        for each in dependencies
    ]
    return {**value, "dependencies": located}


def _existing(folder: Path, text: str, data: Lined, key: str, source: str) -> Path:
    path = folder / at_home(text)
    if not path.is_file():
        line = data.lines.get(key)
        message = f"{shown_path(path)!r} is not there"
        where = f"{source}:{line}" if line and source != "--set" else source
        raise ConfigurationError(Problem(key=key, message=message, source=where))
    return path
