"""What a deployment's file points at on this machine: its script and its model."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framework.config.editing.editor import Draft
from framework.config.paths import located
from framework.config.registry import Registry
from framework.config.schema import Key
from framework.config.shorthands import is_registry_reference
from framework.config.yaml_files import read_yaml
from framework.domain.references import UnsetError, expand

_CODE = ("code_configuration", "code")
_SCRIPT = ("code_configuration", "scoring_script")
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|azureml:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that a deployment brings along.

    Attributes:
        name: What it is to be registered as; `None` where it is used in place.
        path: Where it is: a local path, or a URL.
        type: `custom_model` or `mlflow_model`, as written.
        version: The version that was asked for.
        description: For people.
        tags: For people.
        properties: For people.
    """

    name: str | None
    path: str
    type: str | None = None
    version: str | None = None
    description: str | None = None
    tags: Mapping[str, str] | None = None
    properties: Mapping[str, str] | None = None

    @property
    def is_local(self) -> bool:
        """Whether it lies on this machine's disk."""
        return not _ELSEWHERE.match(self.path)


def script_of(draft: Draft, registry: Registry) -> tuple[Path, str] | None:
    """The code folder and the script below it; `None` where that isn't known here."""
    layers: list[tuple[Any, Path]] = [(draft.document.data, draft.path.parent)]
    endpoint = registry.find(draft.address.endpoint or "", "endpoint")
    if endpoint is not None:
        layers.append((_mapping(read_yaml(endpoint).get("settings")), endpoint.parent))
    script, origin = _first(layers, _SCRIPT)
    if script is None:
        return None
    code, folder = _first(layers, _CODE)
    if code is None:
        whole = _local(script, origin)
        return None if whole is None else (whole.parent, whole.name)
    place = _local(code, folder)
    name = _expanded(script)
    return None if place is None or name is None else (place, name)


def model_of(draft: Draft) -> Model | None:
    """The model that the deployment has inline, if it has one with a path."""
    data = draft.document.data
    written = data.get("model") or _mapping(data.get("settings")).get("model")
    if isinstance(written, str):
        written = {"name" if is_registry_reference(written) else "path": written}
    path = _mapping(written).get("path")
    name = _mapping(written).get("name")
    if not isinstance(path, str) or (isinstance(name, str) and is_registry_reference(name)):
        return None
    place = _local(path, draft.path.parent)
    return Model(
        name=None if name is None else str(name),
        path=path if place is None else str(place),
        type=_text(written, "type"),
        version=_text(written, "version"),
        description=_text(written, "description"),
        tags=_texts(written, "tags"),
        properties=_texts(written, "properties"),
    )


def _first(layers: list[tuple[Any, Path]], key: Key) -> tuple[str | None, Path]:
    for mapping, folder in layers:
        for prefix in ((), ("settings",)):
            place = mapping
            for part in (*prefix, *key):
                place = _mapping(place).get(part)
            if isinstance(place, dict):
                place = place.get("path")
            if isinstance(place, str):
                return place, folder
    return None, Path()


def _local(text: str, folder: Path) -> Path | None:
    """Where a path leads; `None` for URLs and for what the environment doesn't say here."""
    value = _expanded(text)
    if value is None or _ELSEWHERE.match(value):
        return None
    return Path(located(value, value, folder, takes_lists=False))


def _expanded(text: str) -> str | None:
    try:
        value = expand(text, os.environ)
    except UnsetError:
        return None
    return None if value is None or "${" in value else value


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(mapping: Any, key: str) -> str | None:
    value = _mapping(mapping).get(key)
    return str(value) if isinstance(value, str) else None


def _texts(mapping: Any, key: str) -> dict[str, str] | None:
    if not isinstance(_mapping(mapping).get(key), dict):
        return None
    return {name: str(value) for name, value in _mapping(_mapping(mapping).get(key)).items()}
