"""Entries of the registry as verbs show them: plain values, without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from framework.config.documents import shown
from framework.config.editing.addresses import Address, Kind
from framework.config.registry import version_in
from framework.config.schema import Field, Key, node_at
from framework.config.schema import Kind as Type
from framework.config.texts import Plain, decide
from framework.domain.redaction import MASK, looks_secret, without_signatures
from framework.domain.references import has_reference
from framework.settings import Endpoint

_IDENTITY = ("name", "endpoint_name", "version")
_TEXTS = frozenset({*_IDENTITY, "description", "type", "auth_mode", "tags", "properties"})
_WITH_SETTINGS = frozenset({"deployment", "endpoint"})


def entity(address: Address, data: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """What a verb shows of an entry.

    Args:
        address: What it is.
        data: What its file says.
        path: Its file: the name of an older version's file has the version.
    """
    found: dict[str, Any] = {"name": address.name}
    if address.endpoint is not None:
        found["endpoint_name"] = address.endpoint
    if address.is_versioned:
        found["version"] = address.version or version_in(data, path)
    if address.kind == "endpoint":
        found |= {key: value for key, value in asdict(Endpoint(name="")).items() if key != "name"}
    said = {key: value for key, value in data.items() if key not in {*_IDENTITY, "$schema"}}
    values = _masked(address.kind, _typed(address.kind, (), said))
    for key, value in values.items():
        if isinstance(value, dict) and isinstance(found.get(key), dict):
            found[key] = {**found[key], **value}
        elif value is not None or key not in found:
            found[key] = value
    return found


def _typed(kind: Kind, key: Key, value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _typed(kind, (*key, name), item) for name, item in value.items()}
    if isinstance(value, list):
        return [_typed(kind, key, item) for item in value]
    if not isinstance(value, Plain):
        return value
    return str(value) if _is_text(kind, key) else decide(value)


def _is_text(kind: Kind, key: Key) -> bool:
    if key[0] in _TEXTS:
        return True
    if kind == "compute":
        node = node_at(("compute", *key))
    elif kind in _WITH_SETTINGS:
        node = node_at(key[1:] if key[0] == "settings" else key)
    else:
        return False
    return isinstance(node, Field) and node.kind in {Type.TEXT, Type.TEXTS, Type.CHOICE}


def _masked(kind: Kind, values: dict[str, Any]) -> dict[str, Any]:
    if kind == "deployment":
        return shown(values)
    if kind == "endpoint":
        settings = values.get("settings")
        return {**values, "settings": shown(settings)} if isinstance(settings, dict) else values
    return {key: _without_secrets(key, value) for key, value in values.items()}


def _without_secrets(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_secrets(name, item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_secrets(key, item) for item in value]
    if not isinstance(value, str):
        return value
    is_plain_secret = looks_secret(key) and key != "auth_mode" and not has_reference(value)
    return MASK if is_plain_secret and value else without_signatures(value)
