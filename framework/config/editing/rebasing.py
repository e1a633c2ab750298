"""Relative paths that move with the file they are written in, and still lead to the same place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from framework.config.editing.addresses import Kind
from framework.config.paths import located
from framework.config.schema import COMPUTE_PATHS, Key, fields
from framework.config.shorthands import is_registry_reference

_SHORT = (("model",), ("output",))
"""Groups for which a single text is a path."""
_FOREIGN = (
    ("model", "path"),
    ("code_configuration", "code", "path"),
    ("environment", "build", "path"),
    ("input", "path"),
)
_SCRIPT = ("code_configuration", "scoring_script")
_CODE = ("code_configuration", "code")
_INPUT = "input"
"""The only list of paths; other lists have lines for pip."""
_OF_KIND: dict[str, tuple[Key, ...]] = {
    "compute": tuple((name,) for name in COMPUTE_PATHS),
    "environment": (("build", "path"),),
    "data": (("path",),),
    "datastore": (("path",), ("credentials", "service_account_file")),
}


def paths_in(kind: Kind, mapping: dict[str, Any], folder: Path) -> Iterator[tuple[Key, Any]]:
    """The keys of a mapping that hold paths, with their texts or lists of texts.

    Args:
        kind: What the mapping describes.
        mapping: As it was read.
        folder: Where it comes from: tells whether a script lies there.
    """
    for key in _path_keys(kind):
        value = _at(mapping, key)
        is_path = isinstance(value, str) and not is_registry_reference(value)
        if is_path or (isinstance(value, list) and key[-1] == _INPUT):
            yield key, value
    for prefix in _prefixes(kind):
        script = _at(mapping, (*prefix, *_SCRIPT))
        is_alone = isinstance(script, str) and _at(mapping, (*prefix, *_CODE)) is None
        if is_alone and (folder / script).is_file():
            yield (*prefix, *_SCRIPT), script


def rebased(value: Any, *, origin: Path, target: Path, project: Path) -> Any:
    """A path as it is written in another folder.

    Args:
        value: A path, a URL or a reference, or a list of them; only relative paths change.
        origin: The folder that it was relative to.
        target: The folder that it will be relative to.
        project: What lies below this folder is still written relatively.
    """
    if isinstance(value, list):
        return [rebased(each, origin=origin, target=target, project=project) for each in value]
    if not isinstance(value, str) or not value or value.startswith(("~", "${", "@")):
        return value
    if target.is_dir() and target.samefile(origin):
        return value
    if "${" in value:
        return f"{_relative(str(origin), target, project)}/{value}"
    absolute = located(value, value, origin, takes_lists=False)
    if absolute == value:
        return value
    slash = "/" if value.endswith("/") else ""
    return _relative(absolute, target, project) + slash


def _relative(absolute: str, target: Path, project: Path) -> str:
    """Relative to the target where both are in one project and `..` leads there, else absolute."""
    relative = os.path.relpath(absolute, target)
    back = os.path.realpath(os.path.join(target, relative))  # noqa: PTH118 - keeps `..`
    is_back = back == os.path.realpath(absolute)
    return relative if is_back and Path(absolute).is_relative_to(project) else absolute


def _path_keys(kind: Kind) -> list[Key]:
    declared = [key for key, field in fields() if field.metadata.get("is_path")]
    settings = [*_SHORT, *_FOREIGN, *declared]
    keys = [(*prefix, *key) for prefix in _prefixes(kind) for key in settings]
    return list(dict.fromkeys([*keys, *_OF_KIND.get(kind, ())]))


def _prefixes(kind: Kind) -> tuple[Key, ...]:
    """Where settings stand: at the root, or below Azure ML's and an endpoint's `settings`."""
    if kind == "deployment":
        return ((), ("settings",))
    return (("settings",),) if kind == "endpoint" else ()


def _at(mapping: Any, key: Key) -> Any:
    for part in key:
        if not isinstance(mapping, dict):
            return None
        mapping = mapping.get(part)
    return mapping
