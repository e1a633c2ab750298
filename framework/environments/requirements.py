"""Reading requirements: files that refer to others become one list that refers to none."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from framework.domain.homes import at_home
from framework.environments.contents import fingerprint_of
from framework.environments.entries import Entry, Problems, read_text, shown_path
from framework.environments.pip_lines import LineKind, RequirementLine, joined_lines, parse_line

BUILD_TOOLS = frozenset({"pip", "setuptools", "wheel"})
AZUREML_ONLY = frozenset(
    {
        "azureml-contrib-services",
        "azureml-core",
        "azureml-dataprep",
        "azureml-dataprep-native",
        "azureml-dataprep-rslex",
        "azureml-dataset-runtime",
        "azureml-defaults",
        "azureml-inference-server-http",
        "azureml-mlflow",
        "azureml-model-management-sdk",
        "azureml-sdk",
        "azureml-telemetry",
    }
)
"""What reaches Azure ML's own service: there is none here, and some of it can't be installed."""

_MOST_FILES = 50
_PROJECT_FILES = ("pyproject.toml", "setup.py")


@dataclass(slots=True)
class Requirements:
    """What is read, as far as it has been read.

    Attributes:
        problems: What is wrong with it.
        lines: For pip, in order.
        constraints: Lines of constraints files.
        seeds: What was said of pip, setuptools and wheel.
        local: Paths, with the SHA-256 of what is there.
        notes: What people should know.
    """

    problems: Problems
    lines: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    seeds: list[str] = field(default_factory=list)
    local: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _files: list[Path] = field(default_factory=list)

    def add(self, entries: Iterable[Entry], folder: Path) -> None:
        """Reads entries; what they refer to is found from a folder on."""
        for entry in entries:
            try:
                self._add(parse_line(entry), folder)
            except ValueError as error:
                self.problems.add(entry, f"{entry.text!r} {error}")

    def add_file(self, path: Path, entry: Entry, *, are_constraints: bool = False) -> None:
        """Reads a file of requirements, and what it refers to.

        Args:
            path: The file.
            entry: Who refers to it.
            are_constraints: Whether it only limits versions.
        """
        path = Path(os.path.abspath(path))  # noqa: PTH100  keeps symbolic links
        if path in self._files:
            self.problems.add(entry, f"{shown_path(path)} refers to itself")
            return
        if len(self._files) >= _MOST_FILES:
            self.problems.add(entry, "requirements refer to each other too deeply")
            return
        try:
            text = read_text(path)
        except ValueError as error:
            self.problems.add(entry, f"{shown_path(path)} {error}")
            return
        self._files.append(path)
        lines = list(joined_lines(text, shown_path(path)))
        if are_constraints:
            self.constraints += [line.text for line in lines]
        else:
            self.add(lines, path.parent)
        self._files.pop()

    def _add(self, line: RequirementLine, folder: Path) -> None:
        if line.kind in {LineKind.FILE, LineKind.CONSTRAINTS}:
            if "://" in line.path:
                raise ValueError("refers to a URL; save it beside, so that the environment is kept")
            self.add_file(
                folder / at_home(line.path),
                line.entry,
                are_constraints=line.kind is LineKind.CONSTRAINTS,
            )
        elif line.kind is LineKind.LOCAL:
            self._add_local(line, folder)
        elif line.option == "--editable":
            self._note_editable(line)
            self.lines.append(line.text)
        elif line.option == "--find-links" and line.path:
            self.lines.append(f"--find-links {_located(line.path, folder)}")
        elif line.name in AZUREML_ONLY:
            self.notes.append(f"{line.text} is left out: it reaches Azure ML's service")
        elif line.name in BUILD_TOOLS:
            self.seeds.append(line.text)
        else:
            self.lines.append(line.text)

    def _add_local(self, line: RequirementLine, folder: Path) -> None:
        written = line.path
        bare, bracket, extras = written.partition("[")
        path = _located(bare, folder)
        if not os.path.exists(path):  # noqa: PTH110  doesn't raise below a closed folder
            raise ValueError(f"names a path that is not there: {path}")
        if not _is_installable(Path(path)):
            raise ValueError(f"names no package: {path} has no {' or '.join(_PROJECT_FILES)}")
        if line.option == "--editable":
            self._note_editable(line)
        self.local[path] = fingerprint_of(Path(path))
        found = Path(path).as_uri() if bare.startswith("file:") else path
        self.lines.append(line.text.replace(written, found + bracket + extras, 1))

    def _note_editable(self, line: RequirementLine) -> None:
        self.notes.append(
            f"{line.path} is installed as it is now: an environment is shared, so it has nothing "
            "editable"
        )


def located_line(text: str, folder: Path) -> str:
    """A line for pip that means the same from everywhere: paths in it are absolute."""
    try:
        line = parse_line(Entry(text))
    except ValueError:
        return text  # who reads it says what is wrong
    if not line.path or "://" in line.path or line.path.startswith("${"):
        return text
    return text.replace(line.path, os.path.normpath(folder / at_home(line.path)), 1)


def _is_installable(path: Path) -> bool:
    return path.is_file() or any((path / name).is_file() for name in _PROJECT_FILES)


def _located(text: str, folder: Path) -> str:
    if text.startswith("file:"):
        text = unquote(urlsplit(text).path)
    return os.path.normpath(folder / at_home(text))
