"""A model's YAML file, Azure ML's as it is, and the options that stand for its keys."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from framework.config.foreign_keys import FOREIGN
from framework.config.texts import Lined
from framework.config.unknown_keys import unknown_file_key
from framework.config.values import quoted
from framework.config.yaml_files import read_yaml, shown_path
from framework.domain.homes import at_home
from framework.domain.suggestions import did_you_mean
from framework.errors import ConfigurationError, NotFoundError, Problem

_TEXTS = ("name", "version", "path", "type", "description")
_MAPS = ("tags", "properties")
_KNOWN = (*_TEXTS, *_MAPS)
_TYPES = ("custom_model", "mlflow_model")
_SET = "--set"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """What is said of a model; `None` where nothing is.

    Attributes:
        name: Its name.
        version: Its version.
        path: Its file or folder: a path, a URL or a path in a datastore.
        type: `custom_model` or `mlflow_model`.
        description: For people.
        tags: For people.
        properties: For people.
        notices: Keys that have no effect here.
    """

    name: str | None = None
    version: str | None = None
    path: str | None = None
    type: str | None = None
    description: str | None = None
    tags: Mapping[str, str] | None = None
    properties: Mapping[str, str] | None = None
    notices: tuple[str, ...] = field(default=(), compare=False)

    def over(self, other: ModelFile) -> ModelFile:
        """This, and what the other one says where this is silent; maps are merged by key."""
        said: dict[str, Any] = {
            key: getattr(self, key) for key in _KNOWN if getattr(self, key) is not None
        }
        for key in _MAPS:
            if key in said:
                said[key] = {**(getattr(other, key) or {}), **said[key]}
        return replace(other, **said, notices=(*other.notices, *self.notices))


def read_model_file(text: str) -> ModelFile:
    """Reads the file that `--file` names; its relative path is relative to it.

    Raises:
        NotFoundError: It is not there.
        ConfigurationError: All that is wrong with it.
    """
    path = Path.cwd() / at_home(text)
    if not os.path.exists(path):  # noqa: PTH110  Path.exists raises below a closed folder
        raise NotFoundError(f"--file: {shown_path(path)!r} is not there")
    mapping = read_yaml(path)
    said, problems = _said(mapping, shown_path(path))
    if problems:
        raise ConfigurationError(*problems)
    where = said.get("path")
    if where is not None and "://" not in where:
        said["path"] = os.path.join(path.parent, at_home(where))  # noqa: PTH118  keeps what it is
    return ModelFile(**said, notices=tuple(_notices(mapping)))


def read_model_settings(texts: Iterable[str]) -> ModelFile:
    """Reads `--set key=value` options.

    Raises:
        ConfigurationError: All that is wrong with them.
    """
    mapping: dict[str, Any] = {}
    problems = []
    for text in texts:
        key, equals, value = text.partition("=")
        group, dot, below = key.partition(".")
        if not equals:
            problems.append(_problem(text, "is no setting: write key=value", _SET))
        elif dot and below and group in _MAPS:
            mapping.setdefault(group, {})[below] = value
        elif key in _TEXTS:
            mapping[key] = value
        else:
            hint = did_you_mean(key, (*_TEXTS, "tags.KEY", "properties.KEY"))
            problems.append(_problem(key, f"can't be set on a model{hint}", _SET))
    said, more = _said(mapping, _SET)
    if problems or more:
        raise ConfigurationError(*problems, *more)
    return ModelFile(**said)


def read_tags(texts: Iterable[str]) -> dict[str, str]:
    """Reads `--tags key=value` options.

    Raises:
        ConfigurationError: One is none.
    """
    tags: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise ConfigurationError(_problem(text, "is no tag: write key=value", "--tags"))
        tags[key.strip()] = value
    return tags


def _said(mapping: Mapping[str, Any], source: str) -> tuple[dict[str, Any], list[Problem]]:
    said: dict[str, Any] = {}
    problems = []
    for key, value in mapping.items():
        if key in _MAPS:
            if isinstance(value, Mapping):
                said[key] = {str(name): _text(item) for name, item in value.items()}
            elif value is not None:
                problems.append(_problem(key, f"must have keys, is {quoted(value)}", source))
        elif key in _TEXTS:
            if isinstance(value, Mapping | list):
                problems.append(_problem(key, "must be a text", source))
            elif value is not None:
                said[key] = _text(value)
        elif key not in FOREIGN["model"]:
            known = (*_KNOWN, *FOREIGN["model"])
            problems.append(_problem(key, unknown_file_key(key, "model", known), source))
    if said.get("type") not in (None, *_TYPES):
        hint = did_you_mean(said["type"], _TYPES)
        problems.append(_problem("type", f"is {quoted(said['type'])}{hint}", source))
    return said, problems


def _notices(mapping: Lined) -> Iterable[str]:
    for key in mapping:
        foreign = FOREIGN["model"].get(key)
        if foreign is not None and foreign.is_told:
            instead = f": {foreign.instead}" if foreign.instead else ""
            yield f"{key} has no effect{instead}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _problem(key: str, message: str, source: str) -> Problem:
    return Problem(key=key, message=message, source=source)
