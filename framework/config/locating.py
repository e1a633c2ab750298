"""Paths that are references: `azureml:data:version` and `azureml://datastores/...` become URLs.

What it takes to open a datastore's URL is put under `storage_options`, by that URL.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from framework.config.azureml import (
    BrokenReferenceError,
    is_datastore_path,
    is_reference,
    read_asset,
    read_datastore_path,
)
from framework.config.changes import Layer, Source
from framework.config.choices import asked_for_by
from framework.config.covering import covering, datastores_in
from framework.config.data_assets import DataAsset
from framework.config.datastores import Datastore
from framework.config.files import data_of, datastore_file, open_file
from framework.config.paths import located
from framework.config.registry import Registry, version_in
from framework.config.resolving import settled_at
from framework.config.schema import Field, Key, dotted, fields
from framework.config.shorthands import without_prefix
from framework.config.table import Leaf, Table
from framework.config.values import folded, quoted
from framework.config.yaml_files import shown_path
from framework.domain.redaction import MASK
from framework.domain.references import UnsetError, expand, literal
from framework.domain.suggestions import nearest
from framework.errors import ConfigurationError, NotFoundError, Problem
from framework.settings import Compute, InputType

OPTIONS = ("storage_options",)
_INPUT = ("input",)
_INPUT_TYPE = ("input_type",)
_MODEL_PATH = ("model", "path")
_DEFAULT = ("default_datastore",)
_UPLOADS = ("uploads",)
_COMPUTE = ("compute", "name")
_TRACKED = re.compile(r"(?:runs|models):/")


def locate(table: Table, registry: Registry) -> Located:
    """Replaces references in a table's paths by where they lead.

    Args:
        table: All values, interpolated; changed in place.
        registry: Where datastores and data assets are.

    Raises:
        ConfigurationError: The file of a datastore or data asset can't be used.
        NotFoundError: There is none of that name.
    """
    located = Located(table, registry)
    located.choose_uploads()
    for key, declared in fields():
        if declared.metadata.get("is_path"):
            located.follow(key, declared)
    located.cover()
    located.set_type()
    return located


def refill(table: Table, registry: Registry) -> None:
    """Puts secrets back that a job's record does not hold: those written in a datastore's file."""
    stored = {key: leaf for key, leaf in table.under(OPTIONS).items() if leaf.value == MASK}
    if not stored:
        return
    located = Located(table, registry)
    for name in registry.names("datastore"):
        datastore = located.datastore(name, "")
        options = dict(_flat(datastore.options))
        for key in [each for each in stored if each[1] == datastore.url]:
            if key[2:] in options:
                table.put(key, Leaf(options[key[2:]], stored.pop(key).source))
    if stored:
        key = next(iter(stored))
        message = "was a plain secret, and so was not stored: write ${oc.env:NAME} in its datastore"
        raise ConfigurationError(
            Problem(key=dotted(key), message=message, source="the job's record")
        )


@dataclass(slots=True)
class Located:
    """What became of a table's references.

    Attributes:
        problems: References that lead nowhere.
        notices: What people should know of the files that they lead through.
    """

    table: Table
    registry: Registry
    problems: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    _types: list[tuple[InputType | None, Source]] = field(default_factory=list)
    _owners: dict[str, str] = field(default_factory=dict)

    def follow(self, key: Key, declared: Field) -> None:
        """Replaces what is a reference in one key's value."""
        leaf = self.table.get(key)
        if leaf is None:
            return
        value = settled_at(key, leaf.value)
        items = value if isinstance(value, list) else [value]
        through: list[str] = []
        try:
            found = [self._item(key, item, leaf.source, through) for item in items]
        except BrokenReferenceError as error:
            problem = Problem(key=dotted(key), message=str(error), source=str(leaf.source))
            self.problems.append(problem)
            self.table.clear(key)
            return
        if through:
            via = ", ".join(dict.fromkeys(through))
            source = replace(leaf.source, layer=f"{leaf.source}, via {via}", line=None)
            self.table.put(key, Leaf(found if isinstance(value, list) else found[0], source))

    def choose_uploads(self) -> None:
        """What instances elsewhere can't see is uploaded to the default datastore."""
        default, compute = self.table.get(_DEFAULT), self.table.get(_COMPUTE)
        is_here = compute is None or compute.value == Compute.name
        if default is None or is_here or self.table.get(_UPLOADS) is not None:
            return
        name = without_prefix(settled_at(_DEFAULT, default.value))
        if name in self.registry.names("datastore"):
            self.table.put(_UPLOADS, Leaf(f"azureml://datastores/{name}/paths/", default.source))
            return
        missing = self.registry.not_found(name, "datastore")
        self.problems.append(
            Problem(key=dotted(_DEFAULT), message=str(missing), source=str(default.source))
        )

    def cover(self) -> None:
        """Finds what opens the URLs that were written as such, and no options given for them."""
        urls = [
            value
            for key, declared in fields()
            if declared.metadata.get("is_path")
            for value in self._texts(key)
        ]
        given = {key[1] for key in self.table.under(OPTIONS)}
        for each in covering(self.registry, urls):
            if each.datastore.url not in given:
                self._keep_options(each.name, each.datastore, each.file)

    def _texts(self, key: Key) -> Iterator[str]:
        leaf = self.table.get(key)
        value = None if leaf is None else settled_at(key, leaf.value)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                try:
                    yield (expand(item, os.environ) or "").removeprefix("@")
                except UnsetError:  # reading the value says so
                    continue

    def set_type(self) -> None:
        """Takes over the data assets' type, unless their items have several."""
        leaf = self.table.get(_INPUT_TYPE)
        written = None if leaf is None else settled_at(_INPUT_TYPE, leaf.value)
        types = {kind for kind, _ in self._types}
        if written is None and len(types) == 1 and None not in types:
            kind, source = self._types[0]
            self.table.put(_INPUT_TYPE, Leaf(str(kind), source))
        for kind, source in self._types:
            if kind and written is not None and folded(str(written)) != folded(kind):
                message = f"is {written}, but the data is a {kind}"
                self.problems.append(
                    Problem(key=dotted(_INPUT_TYPE), message=message, source=str(source))
                )

    def datastore(self, name: str, hint: str) -> Datastore:
        """A datastore by its name.

        Raises:
            ConfigurationError: Its file can't be used.
            NotFoundError: There is none of that name.
        """
        path = self.registry.find(name, "datastore")
        if path is None:
            raise self._no_datastore(name, hint)
        layer, mapping = open_file(path)
        datastore = datastore_file(layer, mapping, name)
        self._note(layer, "datastore", name)
        assert datastore is not None
        return datastore

    def _item(self, key: Key, item: Any, source: Source, through: list[str]) -> Any:
        if not isinstance(item, str):
            return item
        try:
            value = expand(item, os.environ) or ""
        except UnsetError:
            return item  # reading the value says so
        mark = "@" if key == _INPUT and value.startswith("@") else ""
        reference = value[len(mark) :]
        if key == _MODEL_PATH and _TRACKED.match(reference):
            raise BrokenReferenceError(
                f"{quoted(reference)} is in a tracking server: download it and give model.path"
            )
        if mark and not is_reference(reference):
            self._follow_list(reference, source, through)
        if not is_reference(reference):
            self._types += [(None, source)] if key == _INPUT else []
            return item
        if is_datastore_path(reference) or key != _INPUT:
            if key == _MODEL_PATH and not is_datastore_path(reference):
                _refuse_model(reference)
            return mark + self._in_datastore(reference, source, through)
        return self._data(reference, source, through)

    def _in_datastore(self, text: str, source: Source, through: list[str]) -> str:
        reference = read_datastore_path(text)
        datastore = self.datastore(reference.datastore, asked_for_by(source))
        file = shown_path(self.registry.path(reference.datastore, "datastore"))
        self._keep_options(reference.datastore, datastore, file)
        through.append(file)
        return literal(datastore.at(reference.path))

    def _follow_list(self, path: str, source: Source, through: list[str]) -> None:
        """Finds the datastores that a list on this machine refers to; its lines stay."""
        for name in datastores_in(path, source.folder):
            datastore = self.datastore(name, asked_for_by(source))
            file = shown_path(self.registry.path(name, "datastore"))
            self._keep_options(name, datastore, file)
            through.append(file)
            key = (*OPTIONS, f"azureml://datastores/{name}", "root")
            self.table.put(key, Leaf(literal(datastore.url), Source(layer=file)))

    def _data(self, text: str, source: Source, through: list[str]) -> str:
        asset = read_asset(text, "data asset")
        hint = asked_for_by(source)
        path = self.registry.version_path(asset.name, asset.version, "data", hint)
        layer, mapping = open_file(path)
        data = data_of(layer, mapping, asset.name, version_in(mapping, path))
        self._note(layer, "data asset", asset.name)
        assert data is not None
        through.append(shown_path(path))
        self._types.append((data.type, layer.source))
        return self._place(data, layer.source, through)

    def _place(self, data: DataAsset, source: Source, through: list[str]) -> str:
        value = expand(data.path, os.environ) or ""
        if is_reference(value):
            return self._in_datastore(value, replace(source, line=data.line), through)
        assert source.folder is not None
        return located(data.path, value, Path(source.folder), takes_lists=False)

    def _keep_options(self, name: str, datastore: Datastore, file: str) -> None:
        key = (*OPTIONS, datastore.url)
        owner = self._owners.setdefault(datastore.url, name)
        if owner != name and dict(_flat(self.datastore(owner, "").options)) != dict(
            _flat(datastore.options)
        ):
            raise BrokenReferenceError(
                f"the datastores {owner!r} and {name!r} are both {datastore.url}, and are opened "
                "differently: one job can't use both"
            )
        self.table.clear(key)
        for below, value in _flat(datastore.options):
            self.table.put((*key, *below), Leaf(value, Source(layer=file)))

    def _note(self, layer: Layer, kind: str, name: str) -> None:
        if layer.problems:
            raise ConfigurationError(*layer.problems)
        new = [f"{kind} {name!r}: {notice}" for notice in layer.notices]
        self.notices += [notice for notice in new if notice not in self.notices]

    def _no_datastore(self, name: str, hint: str) -> NotFoundError:
        error = self.registry.not_found(name, "datastore", hint=hint)
        leaf = self.table.get(_DEFAULT)
        default = None if leaf is None else without_prefix(settled_at(_DEFAULT, leaf.value))
        known = self.registry.names("datastore")
        if default not in known or nearest(name, known) is not None:
            return error
        said = f"there is no datastore named {name!r}{hint}"
        return NotFoundError(f"{said}, did you mean {default!r}, the default_datastore?")


def _refuse_model(text: str) -> None:
    model = read_asset(text, "model")
    raise BrokenReferenceError(f"{quoted(text)} names a model: write model=azureml:{model}")


def _flat(options: Mapping[str, Any], key: Key = ()) -> Iterator[tuple[Key, Any]]:
    for name, value in options.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, (*key, str(name)))
        else:
            yield (*key, str(name)), value
