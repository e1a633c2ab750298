"""The registry's files as layers: what each kind of file may say, and what stays with it.

Each reader takes a layer to fill and the file's mapping, which it may change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framework.config.changes import Layer, Source
from framework.config.data_assets import DataAsset, data_asset_of
from framework.config.datastores import Datastore, datastore_of
from framework.config.foreign_keys import FOREIGN
from framework.config.schema import Group, schema
from framework.config.shorthands import without_prefix
from framework.config.texts import Lined
from framework.config.unknown_keys import unknown_endpoint_key, unknown_file_key
from framework.config.values import folded, quoted
from framework.config.yaml_files import read_yaml, shown_path
from framework.domain.suggestions import nearest
from framework.settings import Endpoint

_ENDPOINT_NAME = re.compile(r"[a-zA-Z](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?")
_IDENTITY = ("name", "endpoint_name", "type")
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
_OF_A_CONDA_FILE = frozenset({"channels", "dependencies"})
_AZURE_CLUSTER = "amlcompute"
_LOCAL = "local"
_COUNT = "instance_count"


@dataclass(frozen=True, slots=True)
class EndpointFile:
    """An endpoint's file: its default deployment, and its settings as a layer."""

    layer: Layer
    default_deployment: str | None


def config_layer(path: Path) -> Layer:
    """`conf/config.yaml`: what belongs to the workspace, and defaults for any setting."""
    layer, mapping = open_file(path)
    _refuse(
        layer, mapping, frozenset({"name"}), "belongs to an invocation, not to conf/config.yaml"
    )
    mapping.pop("$schema", None)
    return layer.add(mapping)


def endpoint_of(layer: Layer, mapping: Lined, name: str) -> EndpointFile:
    """`conf/endpoint/<name>.yaml`."""
    check_name(layer, mapping, name, "name")
    size_fits = 3 <= len(name) <= 32
    if not size_fits or not _ENDPOINT_NAME.fullmatch(name):
        layer.complain(
            ("name",),
            f"{name!r} is no name for an endpoint: it takes 3 to 32 letters, digits and "
            "hyphens, beginning with a letter and not ending with a hyphen",
        )
    _set_aside(layer, mapping, "endpoint")
    for key in mapping.keys() - Endpoint.__dataclass_fields__.keys():
        layer.complain((key,), unknown_endpoint_key(key), mapping.lines.get(key))
    mode = mapping.get("auth_mode")
    if mode is not None and folded(str(mode)) not in map(folded, _AUTH_MODES):
        message = f"must be {' or '.join(_AUTH_MODES)}, is {quoted(mode)}"
        layer.complain(("auth_mode",), message, mapping.lines.get("auth_mode"))
    elif mode is not None and folded(str(mode)) != folded(_AUTH_MODES[0]):
        layer.notices.append(f"auth_mode: {mode} has no effect here: nobody logs in to an endpoint")
    default = _default_deployment(layer, mapping)
    _add_settings(layer, mapping.get("settings"), mapping.lines.get("settings"))
    return EndpointFile(layer, default)


def deployment_of(layer: Layer, mapping: Lined, name: str, endpoint: str) -> Layer:
    """`conf/deployment/<endpoint>/<name>.yaml`: flat, or Azure ML's `type: model` form."""
    check_name(layer, mapping, name, "name")
    check_name(layer, mapping, endpoint, "endpoint_name")
    kind = mapping.get("type")
    if kind is not None and folded(str(kind)) != "model":
        message = f"must be model, is {quoted(kind)}: only model deployments are scored here"
        layer.complain(("type",), message, mapping.lines.get("type"))
        return layer  # a pipeline has other keys: more would be said than helps
    _set_aside(layer, mapping, "deployment")
    _drop(mapping, *_IDENTITY)
    settings, line = mapping.pop("settings", None), mapping.lines.get("settings")
    if isinstance(settings, Lined):
        for key in mapping.keys() & settings.keys():
            message = f"is written twice, also in line {mapping.lines.get(key)}"
            layer.complain(("settings", key), message, settings.lines.get(key))
        _place_instance_count(layer, settings, mapping)
    _add_settings(layer, settings, line)
    _check_own_keys(layer, mapping)
    return _add_deployment_settings(layer, mapping)


def compute_of(layer: Layer, mapping: Lined, name: str) -> Layer:
    """`conf/compute/<name>.yaml`: the chosen compute's keys, for `compute.*`."""
    check_name(layer, mapping, name, "name")
    _drop(mapping, "name")
    _set_aside(layer, mapping, "compute")
    if folded(str(mapping.get("type") or "")) == _AZURE_CLUSTER:
        _set_aside(layer, mapping, _AZURE_CLUSTER)
        for key in mapping.keys() - _compute().children.keys():
            known = (*_compute().children, *FOREIGN["compute"], *FOREIGN[_AZURE_CLUSTER])
            message = unknown_file_key(key, "compute cluster", known)
            layer.complain(("compute", key), message, mapping.lines.get(key))
            del mapping[key]
        mapping["type"] = _LOCAL
        layer.notices.append(
            f"compute {name!r} is an {_AZURE_CLUSTER}: its instances run on this machine, "
            f"as those of the compute {_LOCAL!r} do"
        )
    return layer.add({"compute": mapping})


def type_and_params(mapping: Mapping[str, Any], name: str) -> tuple[str, dict[str, Any]]:
    """The registered compute that a compute's file names, and what that one is made with.

    Without what refers to something else, which only a job knows.
    """
    kind = str(mapping.get("type") or name)
    if folded(kind) == _AZURE_CLUSTER:
        return _LOCAL, {}
    declared = {"name", "params", *_compute().children, *FOREIGN["compute"]}
    own = {key: value for key, value in mapping.items() if key not in declared}
    params = {**own, **(mapping.get("params") or {})}
    return kind, {key: value for key, value in params.items() if "${" not in str(value)}


def environment_of(layer: Layer, mapping: Lined, name: str, version: str | None) -> Layer:
    """`conf/environment/<name>.yaml` or `<name>@<version>.yaml`, for `environment.*`."""
    check_name(layer, mapping, name, "name")
    _check_version(layer, mapping, version)
    _drop(mapping, "name", "version")
    for key in _OF_A_CONDA_FILE & mapping.keys():
        message = f"is a conda file's key: write conda_file: {{{key}: ...}}, or the file's path"
        layer.complain(("environment", key), message, mapping.lines.get(key))
        del mapping[key]
    return layer.add({"environment": mapping})


def data_of(layer: Layer, mapping: Lined, name: str, version: str | None) -> DataAsset | None:
    """`conf/data/<name>.yaml` or `<name>@<version>.yaml`."""
    check_name(layer, mapping, name, "name")
    _check_version(layer, mapping, version)
    return data_asset_of(layer, mapping)


def datastore_file(layer: Layer, mapping: Lined, name: str) -> Datastore | None:
    """`conf/datastore/<name>.yaml`."""
    check_name(layer, mapping, name, "name")
    return datastore_of(layer, mapping)


def open_file(path: Path) -> tuple[Layer, Lined]:
    """A file's mapping, and a layer for what is in it.

    Raises:
        ConfigurationError: It can't be read.
    """
    source = Source(layer=shown_path(path), folder=path.parent, is_literal=False)
    return Layer(source=source), read_yaml(path)


def _add_deployment_settings(layer: Layer, mapping: Lined) -> Layer:
    _refuse(layer, mapping, _OF_A_WORKSPACE, "belongs in conf/config.yaml")
    _refuse(layer, mapping, _OF_AN_INVOCATION, "belongs to an invocation, not to a deployment")
    return layer.add(mapping)


def _check_own_keys(layer: Layer, mapping: Lined) -> None:
    """Says which of a deployment's own keys was meant by one that no setting has."""
    own = (*FOREIGN["deployment"], *_IDENTITY, "settings")
    settings = schema().children
    for key in mapping.keys() - settings.keys():
        match = nearest(key, (*settings, *own))
        if match in own:
            message = f"unknown key, did you mean {match!r}?"
            layer.complain((key,), message, mapping.lines.get(key))
            del mapping[key]


def _compute() -> Group:
    group = schema().children["compute"]
    assert isinstance(group, Group)
    return group


def _add_settings(layer: Layer, settings: Any, line: int | None) -> None:
    if isinstance(settings, Lined):
        _add_deployment_settings(layer, settings)
    elif settings is not None:
        layer.complain(("settings",), f"must have settings as keys, is {quoted(settings)}", line)


def _place_instance_count(layer: Layer, settings: Lined, mapping: Lined) -> None:
    """Azure's `settings` may have an `instance_count`, which is that of `resources`."""
    if _COUNT not in settings:
        return
    count, line = settings.pop(_COUNT), settings.lines.get(_COUNT)
    resources = mapping.get("resources")
    if isinstance(resources, Mapping) and _COUNT in resources:
        message = f"is written twice, also as resources.{_COUNT}"
        layer.complain(("settings", _COUNT), message, line)
    else:
        lined = Lined()
        lined[_COUNT] = count
        lined.lines |= {} if line is None else {_COUNT: line}
        layer.add({"resources": lined})


def _set_aside(layer: Layer, mapping: Lined, kind: str) -> None:
    """Takes out what only Azure ML reads, and says so."""
    for key in [each for each in mapping if each in FOREIGN[kind]]:
        layer.ignore(kind, (key,), mapping[key], mapping.lines.get(key))
        del mapping[key]


def _check_version(layer: Layer, mapping: Lined, version: str | None) -> None:
    written = mapping.get("version")
    if version is not None and written is not None and str(written) != version:
        message = f"is {quoted(written)}, but the file is called '...@{version}'"
        layer.complain(("version",), message, mapping.lines.get("version"))


def _default_deployment(layer: Layer, mapping: Lined) -> str | None:
    defaults = mapping.get("defaults")
    if defaults is None:
        return None
    if not isinstance(defaults, Mapping) or set(defaults) - {"deployment_name"}:
        message = f"has one key, 'deployment_name', is {_named_keys(defaults)}"
        layer.complain(("defaults",), message, mapping.lines.get("defaults"))
    name = defaults.get("deployment_name") if isinstance(defaults, Mapping) else None
    return None if name is None else str(name)


def _named_keys(value: Any) -> str:
    return ", ".join(map(repr, value)) if isinstance(value, Mapping) else quoted(value)


def check_name(layer: Layer, mapping: Lined, expected: str, key: str) -> None:
    """Makes sure that a file says no other name than it has."""
    value = mapping.get(key)
    if value is not None and without_prefix(str(value)) != expected:
        where = "folder" if key == "endpoint_name" else "file"
        message = f"is {quoted(value)}, but the {where} is called {expected!r}"
        layer.complain((key,), message, mapping.lines.get(key))


def _refuse(layer: Layer, mapping: Lined, keys: frozenset[str], why: str) -> None:
    for key in [each for each in mapping if each in keys]:
        layer.complain((key,), why, mapping.lines.get(key))
        del mapping[key]


def _drop(mapping: Lined, *keys: str) -> None:
    for key in keys:
        mapping.pop(key, None)
