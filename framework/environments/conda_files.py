"""What a conda file says: Python, packages for pip, packages for conda, channels, variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from framework.domain.suggestions import did_you_mean
from framework.environments.conda_specs import CondaSpec, parse_conda
from framework.environments.entries import Entry, Problems, Value
from framework.environments.requirements import AZUREML_ONLY, BUILD_TOOLS, Requirements
from framework.environments.spec import EnvironmentSpec

_KEYS = frozenset({"name", "channels", "dependencies", "prefix", "variables"})
_WITHOUT_MEANING = "prefix"
_PYTHON = "python"


def read_conda(value: Value, *, source: str, folder: Path, problems: Problems) -> EnvironmentSpec:
    """Reads the content of a conda file.

    Args:
        value: What stands in it.
        source: How people know it.
        folder: What relative paths in its pip section are relative to.
        problems: Takes what is wrong with it.
    """
    return _Reading(source, folder, problems).read(value)


class _Reading:
    def __init__(self, source: str, folder: Path, problems: Problems) -> None:
        self._source = source
        self._folder = folder
        self._problems = problems
        self._pip = Requirements(problems)
        self._python: list[str] = []
        self._conda: list[str] = []
        self._notes: list[str] = []
        self._here = Entry("", source if source.endswith((".yml", ".yaml")) else "")

    def read(self, value: Value) -> EnvironmentSpec:
        mapping = self._mapping(value)
        self._dependencies(mapping.get("dependencies"), is_there="dependencies" in mapping)
        channels = self._texts(mapping.get("channels"), "channels")
        variables = self._variables(mapping.get("variables"))
        if _WITHOUT_MEANING in mapping:
            self._notes.append("prefix has no effect here: environments have their own folder")
        return EnvironmentSpec(
            source=self._source,
            python=self._python[-1] if self._python else "",
            requirements=tuple(self._pip.lines),
            constraints=tuple(self._pip.constraints),
            seeds=tuple(self._pip.seeds),
            conda=tuple(self._conda),
            channels=tuple(channels),
            variables=tuple(variables),
            local=tuple(self._pip.local.items()),
            notes=tuple(dict.fromkeys([*self._notes, *self._pip.notes])),
        )

    def _mapping(self, value: Value) -> dict[str, Any]:
        if not isinstance(value, dict):
            what = {list: "a list", Entry: "a text"}.get(type(value), "nothing")
            hint = "; a list of requirements is environment.requirements" if value else ""
            self._complain(f"must hold keys and values such as dependencies, holds {what}{hint}")
            return {}
        for key in value.keys() - _KEYS:
            self._complain(f"unknown key {key!r} of a conda file{did_you_mean(key, _KEYS)}")
        return value

    def _dependencies(self, value: Value, *, is_there: bool) -> None:
        if not isinstance(value, list):
            if not self._problems.found or is_there:
                self._complain("dependencies must be a list" if is_there else "has no dependencies")
            return
        for item in value:
            if isinstance(item, Entry):
                self._package(item)
            elif isinstance(item, dict):
                self._section(item)
            else:
                self._complain("dependencies has an empty item")

    def _section(self, section: dict[str, Any]) -> None:
        for key, value in section.items():
            if key != "pip":
                self._complain(f"dependencies has a section {key!r}, and only 'pip' can be one")
            else:
                self._pip.add(self._entries(value, "pip"), self._folder)

    def _package(self, entry: Entry) -> None:
        try:
            spec = parse_conda(entry.text)
        except ValueError as error:
            self._problems.add(entry, f"{entry.text!r} {error}")
            return
        if spec.name == _PYTHON:
            self._take_python(spec, entry)
        elif spec.name in BUILD_TOOLS:
            self._pip.seeds += _seed(spec)
        elif spec.name in AZUREML_ONLY:
            self._notes.append(f"{entry.text} is left out: it reaches Azure ML's service")
        else:
            self._conda.append(entry.text)

    def _take_python(self, spec: CondaSpec, entry: Entry) -> None:
        if self._python and self._python[-1] != spec.versions:
            self._problems.add(entry, "python is there twice, with different versions")
        self._python.append(spec.versions)

    def _texts(self, value: Value, key: str) -> list[str]:
        return [entry.text for entry in self._entries(value, key)]

    def _entries(self, value: Value, key: str) -> list[Entry]:
        if value is None:
            return []
        if not isinstance(value, list):
            self._complain(f"{key} must be a list", value if isinstance(value, Entry) else None)
            return []
        wrong = [item for item in value if not isinstance(item, Entry) or not item.text]
        if wrong:
            said = "a mapping" if isinstance(wrong[0], dict) else "no text"
            self._complain(f"{key} must hold texts, and holds {said}")
        return [item for item in value if isinstance(item, Entry) and item.text]

    def _variables(self, value: Value) -> list[tuple[str, str]]:
        if value is None:
            return []
        if not isinstance(value, dict):
            self._complain("variables must hold keys and values")
            return []
        texts = {key: item or Entry("") for key, item in value.items()}
        for key, item in texts.items():
            if not isinstance(item, Entry) or not key or "=" in key:
                self._complain(f"variables: {key!r} must be a name with a text")
        return [(key, item.text) for key, item in texts.items() if isinstance(item, Entry)]

    def _complain(self, message: str, entry: Entry | None = None) -> None:
        self._problems.add(entry or self._here, message)


def _seed(spec: CondaSpec) -> list[str]:
    """What pip is told of itself, setuptools or wheel; of alternatives the last."""
    return [f"{spec.name}{spec.versions.split('|')[-1]}"] if spec.versions else []
