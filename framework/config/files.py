"""The registry's files as layers: what each kind of file may say, and what stays with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framework.config.changes import Layer, Source
from framework.config.shorthands import compute_name
from framework.config.texts import Lined
from framework.config.unknown_keys import unknown_endpoint_key
from framework.config.values import quoted
from framework.config.yaml_files import read_yaml, shown_path
from framework.settings import Endpoint

_ENDPOINT_NAME = re.compile(r"[a-zA-Z](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?")
_IDENTITY = ("name", "endpoint_name", "description", "properties", "type", "$schema")
_OF_A_WORKSPACE = frozenset(
    {
        "workspace",
        "default_datastore",
        "default_compute",
        "index_url",
        "plugins",
        "plugins_disabled",
    }
)
_OF_AN_INVOCATION = frozenset({"name", "endpoint", "deployment"})
_AUTH_MODES = ("key", "aad_token")


@dataclass(frozen=True, slots=True)
class EndpointFile:
    """An endpoint's file: its default deployment, and its settings as a layer."""

    layer: Layer
    default_deployment: str | None


def config_layer(path: Path) -> Layer:
    """`conf/config.yaml`: what belongs to the workspace, and defaults for any setting."""
    layer, mapping = _open(path)
    _refuse(
        layer, mapping, frozenset({"name"}), "belongs to an invocation, not to conf/config.yaml"
    )
    _drop(mapping, "$schema")
    return layer.add(mapping)


def endpoint_file(path: Path) -> EndpointFile:
    """`conf/endpoint/<name>.yaml`."""
    layer, mapping = _open(path)
    _check_name(layer, mapping, path.stem, "name")
    size_fits = 3 <= len(path.stem) <= 32
    if not size_fits or not _ENDPOINT_NAME.fullmatch(path.stem):
        layer.complain(
            ("name",),
            f"{path.stem!r} is no name for an endpoint: it takes 3 to 32 letters, digits and "
            "hyphens, beginning with a letter and not ending with a hyphen",
        )
    for key in mapping.keys() - Endpoint.__dataclass_fields__.keys() - {"$schema"}:
        layer.complain((key,), unknown_endpoint_key(key), mapping.lines[key])
    mode = mapping.get("auth_mode")
    if mode is not None and str(mode).lower() not in _AUTH_MODES:
        message = f"must be {' or '.join(_AUTH_MODES)}, is {quoted(mode)}"
        layer.complain(("auth_mode",), message, mapping.lines["auth_mode"])
    default = _default_deployment(layer, mapping)
    settings = mapping.get("settings")
    if isinstance(settings, Lined):
        _add_deployment_settings(layer, settings)
    elif settings is not None:
        message = f"must have settings as keys, is {quoted(settings)}"
        layer.complain(("settings",), message, mapping.lines["settings"])
    return EndpointFile(layer, default)


def deployment_layer(path: Path, endpoint: str) -> Layer:
    """`conf/deployment/<endpoint>/<name>.yaml`: flat, or Azure ML's `type: model` form."""
    layer, mapping = _open(path)
    _check_name(layer, mapping, path.stem, "name")
    _check_name(layer, mapping, endpoint, "endpoint_name")
    kind = mapping.get("type")
    if kind is not None and str(kind).lower() != "model":
        message = f"must be model, is {quoted(kind)}: only model deployments are scored here"
        layer.complain(("type",), message, mapping.lines["type"])
    _drop(mapping, *_IDENTITY)
    settings = mapping.pop("settings", None)
    if isinstance(settings, Lined):
        for key in mapping.keys() & settings.keys():
            message = f"is written twice, also in line {mapping.lines[key]}"
            layer.complain(("settings", key), message, settings.lines[key])
        _add_deployment_settings(layer, settings)
    elif settings is not None:
        message = f"must have settings as keys, is {quoted(settings)}"
        layer.complain(("settings",), message, mapping.lines["settings"])
    return _add_deployment_settings(layer, mapping)


def compute_layer(path: Path) -> Layer:
    """`conf/compute/<name>.yaml`: the chosen compute's keys, for `compute.*`."""
    layer, mapping = _open(path)
    _check_name(layer, mapping, path.stem, "name")
    _drop(mapping, "$schema", "name", "description", "tags", "properties")
    return layer.add({"compute": mapping})


def _open(path: Path) -> tuple[Layer, Lined]:
    source = Source(layer=shown_path(path), folder=path.parent, is_literal=False)
    return Layer(source=source), read_yaml(path)


def _add_deployment_settings(layer: Layer, mapping: Lined) -> Layer:
    _refuse(layer, mapping, _OF_A_WORKSPACE, "belongs in conf/config.yaml")
    _refuse(layer, mapping, _OF_AN_INVOCATION, "belongs to an invocation, not to a deployment")
    return layer.add(mapping)


def _default_deployment(layer: Layer, mapping: Lined) -> str | None:
    defaults = mapping.get("defaults")
    if defaults is None:
        return None
    if not isinstance(defaults, Mapping) or set(defaults) - {"deployment_name"}:
        message = f"has one key, 'deployment_name', is {_named_keys(defaults)}"
        layer.complain(("defaults",), message, mapping.lines["defaults"])
    name = defaults.get("deployment_name") if isinstance(defaults, Mapping) else None
    return None if name is None else str(name)


def _named_keys(value: Any) -> str:
    return ", ".join(map(repr, value)) if isinstance(value, Mapping) else quoted(value)


def _check_name(layer: Layer, mapping: Lined, expected: str, key: str) -> None:
    value = mapping.get(key)
    if value is not None and compute_name(str(value)) != expected:
        where = "folder" if key == "endpoint_name" else "file"
        message = f"is {quoted(value)}, but the {where} is called {expected!r}"
        layer.complain((key,), message, mapping.lines[key])


def _refuse(layer: Layer, mapping: Lined, keys: frozenset[str], why: str) -> None:
    for key in [each for each in mapping if each in keys]:
        layer.complain((key,), why, mapping.lines[key])
        del mapping[key]


def _drop(mapping: Lined, *keys: str) -> None:
    for key in keys:
        mapping.pop(key, None)
