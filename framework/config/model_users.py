"""Which deployments name a model of the registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from framework.config.azureml import BrokenReferenceError, is_reference, read_asset
from framework.config.registry import Registry
from framework.config.yaml_files import read_yaml
from framework.errors import ConfigurationError


class ModelUser(NamedTuple):
    """A file that names a model.

    Attributes:
        where: Which one, for people.
        version: The version that it names; `None` for the latest.
    """

    where: str
    version: str | None


def model_users(config: Path, name: str) -> Iterator[ModelUser]:
    """The endpoints and deployments that name a model.

    Args:
        config: The workspace's `config.yaml`.
        name: The model's name.
    """
    registry = Registry(config)
    for endpoint in registry.names("endpoint"):
        file = registry.find(endpoint, "endpoint")
        yield from _users(file, name, f"endpoint {endpoint!r}")
        for each in registry.names("deployment", endpoint):
            file = registry.find(each, "deployment", endpoint)
            yield from _users(file, name, f"deployment {each!r} of endpoint {endpoint!r}")


def _users(file: Path | None, name: str, where: str) -> Iterator[ModelUser]:
    try:
        written = {} if file is None else read_yaml(file)
    except ConfigurationError:
        return  # it can't be used as it is: it scores with nothing
    for mapping in (written, written.get("settings")):
        model = mapping.get("model") if isinstance(mapping, Mapping) else None
        named, version = _named(model)
        if named == name:
            yield ModelUser(where, version)


def _named(model: Any) -> tuple[str | None, str | None]:
    version: str | None = None
    if isinstance(model, Mapping):
        if model.get("path") is not None:
            return None, None  # inline: its content is in that path
        version = None if model.get("version") is None else str(model["version"])
        model = model.get("name")
    elif isinstance(model, str) and not is_reference(model):
        return None, None  # a path
    if not isinstance(model, str):
        return None, None
    try:
        asset = read_asset(str(model), "model")
    except BrokenReferenceError:
        return None, None
    return asset.name, asset.version or version
