"""Datastores: from a file of `conf/datastore/` to a URL and what fsspec needs to open it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framework.config.changes import Layer
from framework.config.datastore_kinds import KINDS, DatastoreKind
from framework.config.foreign_keys import FOREIGN
from framework.config.paths import located
from framework.config.schema import Field, Kind
from framework.config.texts import Lined
from framework.config.unknown_keys import unknown_file_key
from framework.config.values import WrongValueError, folded, quoted, read, settle
from framework.domain.redaction import looks_secret
from framework.domain.references import UnsetError, expand, has_reference, is_reference, literal
from framework.domain.suggestions import did_you_mean

_TYPE = ("type",)
_USABLE = tuple(name for name, kind in KINDS.items() if "type" not in kind.refused)
_CREDENTIALS = "credentials"
_TEXT = Field(kind=Kind.TEXT)
_SWITCH = Field(kind=Kind.SWITCH)
_PATHS = frozenset({"path", "url", "service_account_file"})
_PARTS = frozenset({"bucket", "account_name", "container_name", "filesystem", "endpoint"})
_PROTOCOLS = frozenset({"https", "abfss", "abfs", "wasbs"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Datastore:
    """A named root with what it takes to open it.

    Attributes:
        url: A URL, or the absolute path of a local folder; nothing in it is a reference.
        options: Keyword arguments of the URL's fsspec file system, as composed texts are: with
            `${oc.env:NAME}` references.
    """

    url: str
    options: dict[str, Any] = field(default_factory=dict)

    def at(self, path: str) -> str:
        """Where a path below the root is."""
        root = self.url.rstrip("/") if path else self.url
        return f"{root}/{path}" if path else root


def datastore_of(layer: Layer, mapping: Lined) -> Datastore | None:
    """What a datastore's file says; `None` where it can't be used, as the layer's problems say."""
    kind = _kind(layer, mapping)
    if kind is None:
        return None
    values: dict[str, Any] = {}
    for key, value in mapping.items():
        line = mapping.lines.get(key)
        if key in FOREIGN["datastore"]:
            layer.ignore("datastore", (key,), value, line)
        elif key == _CREDENTIALS:
            _read_credentials(layer, kind, value, values, line)
        elif key in (*kind.required, *kind.optional):
            _read_value(layer, kind, (key,), value, values, line)
        elif key not in {"name", *_TYPE}:
            known = ("name", "type", *kind.required, *kind.optional, _CREDENTIALS)
            known = (*known, *FOREIGN["datastore"])
            layer.complain((key,), unknown_file_key(key, "datastore", known), line)
    for key in kind.required:
        if mapping.get(key) is None:
            layer.complain((key,), "is missing")
    if layer.problems:
        return None
    return Datastore(url=kind.url(values), options=kind.options(values))


def _kind(layer: Layer, mapping: Lined) -> DatastoreKind | None:
    written = mapping.get("type")
    line = mapping.lines.get("type")
    if written is None:
        if "url" in mapping:
            return KINDS["url"]
        layer.complain(_TYPE, f"is missing: give {' or '.join(_USABLE)}, or url")
        return None
    by_form = {folded(name): kind for name, kind in KINDS.items()}
    kind = by_form.get(folded(str(written)))
    if kind is None:
        hint = did_you_mean(str(written), _USABLE)
        layer.complain(_TYPE, f"is no type of datastore: {quoted(written)}{hint}", line)
    elif "type" in kind.refused:
        layer.complain(_TYPE, kind.refused["type"], line)
        return None
    return kind


def _read_credentials(
    layer: Layer, kind: DatastoreKind, value: Any, values: dict[str, Any], line: int | None
) -> None:
    if value is None:
        return
    if not isinstance(value, Mapping):
        layer.complain((_CREDENTIALS,), f"must have keys and values, is {_said(value)}", line)
        return
    for name, item in value.items():
        key = (_CREDENTIALS, str(name))
        where = value.lines.get(name) if isinstance(value, Lined) else line
        if name in kind.refused:
            layer.complain(key, kind.refused[name], where)
        elif name in kind.ignored:
            layer.notices.append(f"{'.'.join(key)} is accepted, but has no effect here")
        elif name in kind.credentials:
            _read_value(layer, kind, key, item, values, where)
            _warn_of_secrets(layer, key, item)
        else:
            known = did_you_mean(str(name), kind.credentials) or ", there is none"
            layer.complain(key, f"unknown key{known}", where)


def _warn_of_secrets(layer: Layer, key: tuple[str, ...], value: Any) -> None:
    if isinstance(value, Mapping):
        for name, item in value.items():
            _warn_of_secrets(layer, (*key, str(name)), item)
    elif looks_secret(key[-1]) and _is_plain(value):
        layer.notices.append(
            f"{'.'.join(key)} looks like a secret ({layer.source.layer}): "
            "write ${oc.env:NAME} instead"
        )


def _is_plain(value: Any) -> bool:
    return value is not None and not (isinstance(value, str) and is_reference(value))


def _read_value(
    layer: Layer,
    kind: DatastoreKind,
    key: tuple[str, ...],
    value: Any,
    values: dict[str, Any],
    line: int | None,
) -> None:
    name = key[-1]
    if value is None:
        return
    try:
        if name == "options":
            if not isinstance(value, Mapping):
                raise WrongValueError(f"must have keys and values, is {quoted(value)}")
            _warn_of_secrets(layer, key, value)
            values[name] = value
        elif name in kind.switches:
            values[name] = read(_SWITCH, settle(_SWITCH, value))
        else:
            text = str(read(_TEXT, settle(_TEXT, value)))
            is_kept = key[0] == _CREDENTIALS and name not in _PATHS
            values[name] = text if is_kept else _checked(layer, name, text)
    except WrongValueError as error:
        is_secret = key[0] == _CREDENTIALS
        layer.complain(key, "must be text" if is_secret else str(error), line)
    except UnsetError as error:
        layer.complain(key, str(error), line)


def _checked(layer: Layer, name: str, text: str) -> str:
    """A text that becomes part of a URL, or a path made absolute; no secret."""
    value = expand(text, os.environ) or ""
    if not value.strip():
        raise WrongValueError("must not be empty")
    if name in _PATHS:
        return _place(layer, name, text, value)
    if name in _PARTS and name != "endpoint" and re.search(r"[/\\\s@?#:]", value):
        raise WrongValueError(f"must be a name, is {quoted(value)}")
    if name == "prefix" and ".." in value.split("/"):
        raise WrongValueError(f"must not have '..', is {quoted(value)}")
    if name == "protocol" and value.lower() not in _PROTOCOLS:
        raise WrongValueError(f"must be https, is {quoted(value)}: nothing else is used here")
    return value


def _place(layer: Layer, name: str, text: str, value: str) -> str:
    is_url = _SCHEME.match(value) is not None
    if name == "url" and re.search(r"[?#]", value):
        raise WrongValueError("must have no '?' and no '#': paths are put behind it")
    if is_url and name == "path":
        raise WrongValueError(f"must be a local folder, is {quoted(value)}: give it as url")
    if is_url or layer.source.folder is None:
        return value
    whole = located(text, value, Path(layer.source.folder), takes_lists=False)
    return expand(whole, os.environ) or ""


def _said(value: Any) -> str:
    return "a list" if isinstance(value, list) else "a single value"


def composed(url: str) -> str:
    """A datastore's URL as composed texts are written: nothing in it is a reference."""
    return literal(url) if has_reference(url) else url
