"""Data assets: named files and folders, `conf/data/<name>.yaml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from framework.config.changes import Layer
from framework.config.foreign_keys import FOREIGN
from framework.config.schema import Field, Kind
from framework.config.texts import Lined
from framework.config.unknown_keys import unknown_file_key
from framework.config.values import WrongValueError, folded, quoted, read, settle
from framework.domain.suggestions import did_you_mean
from framework.settings import InputType

_KEYS = ("name", "version", "type", "path")
_TEXT = Field(kind=Kind.TEXT)
_TABLES = "mltable"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataAsset:
    """A named file or folder.

    Attributes:
        path: Where it is, as it was written: a path relative to the file, a URL, or
            `azureml://datastores/...`.
        type: What it is.
        line: Where the path was written.
    """

    path: str
    type: InputType
    line: int | None = None


def data_asset_of(layer: Layer, mapping: Lined) -> DataAsset | None:
    """What a data asset's file says; `None` where it can't be used, as the layer's problems say."""
    for key in mapping.keys() - set(_KEYS):
        line = mapping.lines.get(key)
        if key in FOREIGN["data"]:
            layer.ignore("data", (key,), mapping[key], line)
        else:
            known = (*_KEYS, *FOREIGN["data"])
            layer.complain((key,), unknown_file_key(key, "data asset", known), line)
    kind = _type(layer, mapping)
    path = _path(layer, mapping)
    if kind is None or path is None or layer.problems:
        return None
    return DataAsset(path=path, type=kind, line=mapping.lines.get("path"))


def _type(layer: Layer, mapping: Lined) -> InputType | None:
    written = mapping.get("type")
    if written is None:
        return InputType.URI_FOLDER
    word = folded(str(written))
    for kind in InputType:
        if word == folded(kind):
            return kind
    message = f"must be uri_file or uri_folder, is {quoted(written)}"
    if word == _TABLES:
        message = "mltable data can't be read here: give its files as uri_file or uri_folder"
    elif isinstance(written, str):
        message += did_you_mean(written, tuple(InputType))
    layer.complain(("type",), message, mapping.lines.get("type"))
    return None


def _path(layer: Layer, mapping: Lined) -> str | None:
    written: Any = mapping.get("path")
    line = mapping.lines.get("path")
    if written is None:
        layer.complain(("path",), "is missing")
        return None
    try:
        text = str(read(_TEXT, settle(_TEXT, written)))
    except WrongValueError as error:
        layer.complain(("path",), str(error), line)
        return None
    if not text.strip():
        layer.complain(("path",), "must not be empty", line)
    elif re.match(r"(?:runs|models):/", text):
        layer.complain(("path",), f"{quoted(text)} is in a tracking server: download it", line)
    return text
