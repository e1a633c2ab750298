"""The chosen environment: what its file says, below what the layers say themselves."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from framework.config.azureml import Asset, BrokenReferenceError, is_reference, read_asset
from framework.config.changes import ENVIRONMENT_NAME, Layer
from framework.config.choices import asked_for_by
from framework.config.files import environment_of, open_file
from framework.config.registry import Registry, version_in
from framework.config.schema import node_at
from framework.config.table import Leaf, Table
from framework.domain.references import UnsetError, expand
from framework.errors import ConfigurationError, NotFoundError, Problem

CURRENT = "current"
_ENVIRONMENT = ("environment",)
_VERSION = ("environment", "version")
_KIND = "environment"
_CURATED = "azureml-"


def with_environment(table: Table, registry: Registry) -> Layer | None:
    """Fills in what the file of a named environment says, where no layer says anything else.

    An environment is looked up where it is written as a reference (`azureml:name:version`), or by
    a name and nothing else; one that is described where it is named is as it is described.

    Args:
        table: What all layers say; changed in place.
        registry: Where the environment's file is.

    Returns:
        The file's layer, or `None` where none was looked up.

    Raises:
        ConfigurationError: The reference can't be read, or leads to where only Azure can follow.
        NotFoundError: There is no such environment, or no such version of it.
    """
    leaf = table.get(ENVIRONMENT_NAME)
    if leaf is None or not isinstance(leaf.value, str):
        return None
    try:
        text = expand(str(leaf.value), os.environ)
    except UnsetError:
        return None  # reading the value says so
    if not text or text == CURRENT or not _is_chosen(text, table):
        return None
    try:
        asset = _asset(text, table)
    except BrokenReferenceError as error:
        problem = Problem(key="environment", message=str(error), source=str(leaf.source))
        raise ConfigurationError(problem) from None
    path = _path(registry, asset, asked_for_by(leaf.source))
    layer, mapping = open_file(path)
    version = version_in(mapping, path)
    environment_of(layer, mapping, asset.name, version)
    if node_at(_VERSION) is not None:
        table.put(_VERSION, Leaf(version, layer.source))
    _fill(table, layer)
    table.put(ENVIRONMENT_NAME, Leaf(asset.name, leaf.source))
    return layer


def _is_chosen(text: str, table: Table) -> bool:
    described = table.under(_ENVIRONMENT).keys() - {ENVIRONMENT_NAME, _VERSION}
    return is_reference(text) or not described


def _asset(text: str, table: Table) -> Asset:
    asset = read_asset(text, _KIND)
    version = table.get(_VERSION)
    if asset.version is None and version is not None and version.value is not None:
        return Asset(asset.name, str(version.value))
    return asset


def _path(registry: Registry, asset: Asset, hint: str) -> Path:
    try:
        return registry.version_path(asset.name, asset.version, _KIND, hint)
    except NotFoundError as error:
        if asset.name.lower().startswith(_CURATED):
            why = "Azure's own environments can't be fetched"
        elif registry.names(_KIND):
            raise
        else:
            why = "register it, or describe it where it is named"
        raise NotFoundError(
            f"{error}; {why}; environment={CURRENT} runs scorers in this interpreter"
        ) from None


def _fill(table: Table, layer: Layer) -> None:
    present: Collection[str] = {key[1] for key in table.under(_ENVIRONMENT)}
    for change in layer.changes:
        if change.key[1] not in present:
            table.put(change.key, Leaf(change.value, change.source))
