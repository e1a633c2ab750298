"""Who names an entry of the registry: what stops working when it goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from framework.config.editing.addresses import Address
from framework.config.registry import Registry
from framework.config.yaml_files import read_yaml
from framework.errors import ConfigurationError

_PREFIX = "azureml:"


def users_of(address: Address, config: Path) -> Iterator[str]:
    """The files that name a compute, an environment, a datastore or data.

    Args:
        address: What they may name.
        config: The workspace's own file.
    """
    registry = Registry(config)
    if address.kind in {"endpoint", "deployment"}:
        return
    default = _mapping(config).get(f"default_{address.kind}")
    if isinstance(default, str) and default.removeprefix(_PREFIX) == address.name:
        yield "conf/config.yaml"
    for endpoint in registry.names("endpoint"):
        if _names(_mapping(registry.find(endpoint, "endpoint")), address):
            yield f"endpoint {endpoint!r}"
        for name in registry.names("deployment", endpoint):
            if _names(_mapping(registry.find(name, "deployment", endpoint)), address):
                yield f"deployment {name!r} of endpoint {endpoint!r}"


def _mapping(path: Path | None) -> dict[str, Any]:
    try:
        return {} if path is None or not path.is_file() else read_yaml(path)
    except ConfigurationError:  # it names nothing that could be used
        return {}


def _names(value: Any, address: Address, key: str = "") -> bool:
    if isinstance(value, dict):
        return any(
            _names(item, address, address.kind if key == address.kind and name == "name" else name)
            for name, item in value.items()
        )
    if isinstance(value, list):
        return any(_names(item, address, key) for item in value)
    if not isinstance(value, str):
        return False
    if address.kind == "datastore" and f"datastores/{address.name}/" in f"{value}/":
        return value.startswith(f"{_PREFIX}//")
    if not value.startswith(_PREFIX) and key != address.kind:
        return False
    name, _, version = value.removeprefix(_PREFIX).replace("@", ":").partition(":")
    is_this = address.version is None or version == address.version
    return key in {address.kind, "input", "path"} and name == address.name and is_this
