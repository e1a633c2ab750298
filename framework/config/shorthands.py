"""Short and foreign ways to write settings: Azure ML's YAML files are accepted as they are."""

from __future__ import annotations

from typing import Any

from framework.config.schema import Key
from framework.config.texts import Plain

_REGISTRY = "azureml:"

REPLACED = frozenset({("model",), ("environment",), ("scorer",)})
"""Groups that a single name replaces whole: another model has another version and type."""


def without_prefix(text: str) -> str:
    """What a name says without Azure ML's prefix: `azureml:grid` is `grid`."""
    return type(text)(text.removeprefix(_REGISTRY))


def is_registry_reference(text: str) -> bool:
    """Whether a text names something in the registry: `azureml:name:version`, but no URL."""
    return text.startswith(_REGISTRY) and not text.startswith(f"{_REGISTRY}//")


def spelled_out(key: Key, value: Any) -> dict[str, Any] | None:
    """The keys that a single text stands for: `model: path` is `model: {path: path}`."""
    if not isinstance(value, str):
        return None
    match key:
        case ("model",):
            return {"name" if is_registry_reference(value) else "path": value}
        case ("environment",) | ("scorer",) | ("compute",):
            return {"name": value}
        case ("output",):
            return {"path": value}
        case _:
            return None


def is_short(key: Key, value: Any) -> bool:
    """Whether a text at this key stands for a whole group that it replaces."""
    return key in REPLACED and isinstance(value, Plain | str)
