"""Datastores for URLs that name none: what opens a URL is found by the roots that it lies below."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from framework.config.datastores import Datastore
from framework.config.files import datastore_file, open_file
from framework.config.registry import Registry
from framework.config.yaml_files import shown_path
from framework.domain.homes import at_home
from framework.domain.references import UnsetError, expanded
from framework.errors import ConfigurationError
from framework.storage.paths import local_form, path_below

_LINE = re.compile(rb"azureml://datastores/([\w.-]+)/paths/", re.IGNORECASE)


class NamedDatastore(NamedTuple):
    """A datastore of `conf/datastore/`.

    Attributes:
        name: Its name.
        file: Its file, for people.
        datastore: What the file says.
    """

    name: str
    file: str
    datastore: Datastore


def covering(registry: Registry, urls: list[str]) -> Iterator[NamedDatastore]:
    """The datastores that open URLs: of each, the one with the longest root above it.

    One whose file can't be used is passed over: nobody has asked for it by its name.
    """
    remote = [url for url in urls if local_form(url) is None]
    if not remote:
        return
    there = [each for each in _readable(registry) if each.datastore.options]
    found = {
        max(above, key=lambda each: len(each.datastore.url)).name
        for url in remote
        if (above := [each for each in there if path_below(each.datastore.url, url) is not None])
    }
    yield from (each for each in there if each.name in found)


def datastore_options(conf: Path | None) -> dict[str, Any]:
    """How all datastores are opened, by their roots; secrets resolved.

    One that refers to an environment variable which is not set here is left out.

    Args:
        conf: The workspace's `config.yaml`, if there is one.
    """
    options = {}
    for each in _readable(Registry(conf)):
        try:
            settled = expanded(each.datastore.options, os.environ)
        except UnsetError:
            continue
        if settled:
            options[each.datastore.url] = settled
    return options


def datastores_in(path: str, folder: Path | None) -> list[str]:
    """The names of the datastores that a list of inputs on this machine refers to.

    Args:
        path: The list's, as it was written.
        folder: What it is relative to.
    """
    here = local_form(path)
    if here is None:
        return []
    try:
        with ((folder or Path.cwd()) / at_home(here)).open("rb") as lines:
            found = [_LINE.match(line.strip()) for line in lines]
    except OSError:  # reading the list says so
        return []
    return list(dict.fromkeys(match[1].decode() for match in found if match))


def _readable(registry: Registry) -> Iterator[NamedDatastore]:
    for name in registry.names("datastore"):
        path = registry.find(name, "datastore")
        if path is None:
            continue
        try:
            layer, mapping = open_file(path)
        except ConfigurationError:
            continue
        datastore = datastore_file(layer, mapping, name)
        if datastore is not None and not layer.problems:
            yield NamedDatastore(name, shown_path(path), datastore)
