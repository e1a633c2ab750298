"""Showing what the registry has; nothing is locked for that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from framework.config.editing.addresses import Address, Kind
from framework.config.editing.entities import entity
from framework.config.registry import Registry
from framework.config.yaml_files import read_yaml
from framework.errors import ConfigurationError

ERROR = "error"
"""The key that says why an entry of a list can't be read."""


def show(config: Path | None, address: Address) -> dict[str, Any]:
    """One entry.

    Raises:
        NotFoundError: It is not there.
        ConfigurationError: Its file is broken.
    """
    registry = Registry(config)
    if address.endpoint is not None:
        registry.path(address.endpoint, "endpoint")
    if address.is_versioned:
        path = registry.version_path(address.name, address.version, address.kind)
    else:
        path = registry.path(address.name, *address.group)
    try:
        return entity(address, read_yaml(path), path)
    except ConfigurationError:
        if path.exists():
            raise
        raise registry.not_found(address.name, *address.group) from None


def entries(
    config: Path | None, kind: Kind, *, endpoint: str | None = None, name: str | None = None
) -> Iterator[dict[str, Any]]:
    """All entries of a kind, by name; one whose file is broken has an `error`.

    Args:
        config: The workspace's `config.yaml`.
        kind: Of which kind.
        endpoint: The endpoint of deployments; those of all endpoints where absent.
        name: Of environments and data: all versions of this one, the newest first.

    Raises:
        NotFoundError: There is no such endpoint, or no such name.
    """
    registry = Registry(config)
    if name is not None:
        registry.path(name, kind)
        for version, path in registry.versions(name, kind).items():
            yield from _entry(Address(kind=kind, name=name, version=version), path)
        return
    if endpoint is not None:
        registry.path(endpoint, "endpoint")
    owners: list[str | None] = [endpoint]
    if kind == "deployment" and endpoint is None:
        owners = list(registry.names("endpoint"))
    for owner in owners:
        group = (kind,) if owner is None else (kind, owner)
        for each in registry.names(*group):
            address = Address(kind=kind, name=each, endpoint=owner)
            yield from _entry(address, registry.find(each, *group))


def _entry(address: Address, path: Path | None) -> Iterator[dict[str, Any]]:
    try:
        if path is not None:
            yield entity(address, read_yaml(path), path)
    except ConfigurationError as error:
        if path is not None and path.exists():  # else it was deleted just now
            yield {**entity(address, {}, path), ERROR: error.message}
