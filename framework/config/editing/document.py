"""A YAML file that people and verbs both edit: what a verb doesn't change stays as it is."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from typing import Any

import yaml

from framework.config.editing.splicing import nested, with_value, without_key
from framework.config.schema import Key
from framework.config.texts import Lined, Plain, decide
from framework.config.yaml_files import parse_mapping

_MARK = "\ufeff"


class NotEditableError(ValueError):
    """A text can't be changed in this place without changing others."""


class Document:
    """The text of a YAML file, whose keys can be set and removed.

    Args:
        text: With line breaks and byte order mark as they are in the file.

    Raises:
        yaml.YAMLError: It is no YAML.
        ValueError: It is YAML, but no mapping.
    """

    def __init__(self, text: str = "") -> None:
        self._has_mark = text.startswith(_MARK)
        text = text.removeprefix(_MARK)
        is_dos = "\r\n" in text and text.count("\n") == text.count("\r\n")
        self._line_break = "\r\n" if is_dos else "\n"
        self._text = text.replace("\r\n", "\n") if is_dos else text
        self._data = parse_mapping(self._text)

    @property
    def data(self) -> Lined:
        """What it holds, with the lines of the keys; not to be changed."""
        return self._data

    def to_bytes(self) -> bytes:
        """The file's content."""
        text = self._text.replace("\n", self._line_break)
        return f"{_MARK if self._has_mark else ''}{text}".encode()

    def get(self, key: Key) -> Any:
        """The value at a key, `None` where there is none."""
        place: Any = self._data
        for part in key:
            if not isinstance(place, dict) or part not in place:
                return None
            place = place[part]
        return place

    def has(self, key: Key) -> bool:
        """Whether a key is there, be it with `null`."""
        place = self.get(key[:-1])
        return isinstance(place, dict) and key[-1] in place

    def set(self, key: Key, value: Any) -> None:
        """Sets a key, unless it has this value already.

        Args:
            key: Parents that are not there are made; one that is no mapping is replaced.
            value: Mappings, lists, texts, `Plain` texts, `None`, numbers and booleans.

        Raises:
            NotEditableError: It can't be done without changing other keys.
        """
        value = _written(value)
        if self.has(key) and is_same(self.get(key), value):
            return
        expected = _plain_copy(self._data)
        _put(expected, key, value)
        self._become(expected, key, lambda text: with_value(text, key, value))

    def remove(self, key: Key) -> None:
        """Removes a key, if it is there."""
        if not self.has(key):
            return
        expected = _plain_copy(self._data)
        place = expected
        for part in key[:-1]:
            place = place[part]
        del place[key[-1]]
        self._become(expected, key, lambda text: without_key(text, key))

    def merge(self, mapping: dict[str, Any], *, replaces: bool, keeps: frozenset[str]) -> None:
        """Takes over what a mapping says.

        Args:
            mapping: The new values.
            replaces: Whether keys that it doesn't have go away.
            keeps: Keys at the root that stay all the same.
        """
        self._merge((), mapping, replaces=replaces, keeps=keeps)

    def _merge(
        self, key: Key, mapping: dict[str, Any], *, replaces: bool, keeps: frozenset[str]
    ) -> None:
        here = self.get(key)
        for name in [each for each in here if each not in mapping and each not in keeps]:
            if replaces:
                self.remove((*key, name))
        for name, value in mapping.items():
            below = (*key, name)
            if isinstance(value, dict) and value and isinstance(self.get(below), dict):
                self._merge(below, value, replaces=replaces, keeps=frozenset())
            else:
                self.set(below, value)

    def _become(self, expected: dict[str, Any], key: Key, splice: Callable[[str], str]) -> None:
        for attempt in (splice, lambda text: _redone(text, key, expected)):
            text = attempt(self._text)
            try:
                data = parse_mapping(text)
            except (yaml.YAMLError, ValueError):
                continue
            if is_same(data, expected):
                self._text, self._data = text, data
                return
        message = f"{'.'.join(key)} is part of an anchor or a merge (&, *, <<): edit it by hand"
        raise NotEditableError(message)


def is_same(one: Any, other: Any) -> bool:
    """Whether two values mean the same to every field; the order of keys has no meaning."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, str) and isinstance(other, str):
        is_alike = isinstance(one, Plain) == isinstance(other, Plain)
        return str(one) == str(other) and (is_alike or isinstance(decide(str(one)), str))
    return one is None and other is None


def _written(value: Any) -> Any:
    """A value as it will be read back: numbers and booleans are unquoted texts."""
    if isinstance(value, dict):
        return {str(key): _written(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_written(item) for item in value]
    if isinstance(value, bool):
        return Plain(str(value).lower())
    if isinstance(value, int | float):
        return Plain(repr(value))
    return value


def _plain_copy(data: dict[str, Any]) -> dict[str, Any]:
    copied: dict[str, Any] = _written(copy.copy(data))
    return copied


def _put(place: dict[str, Any], key: Key, value: Any) -> None:
    for depth, part in enumerate(key[:-1]):
        below = place.get(part)
        if not isinstance(below, dict):
            place[part] = nested(key[depth + 1 :], value)
            return
        place = below
    place[key[-1]] = value


def _redone(text: str, key: Key, expected: dict[str, Any]) -> str:
    """The text with the part below a key's root written anew by ruamel.yaml.

    That keeps comments and anchors elsewhere, but may move spaces and line breaks.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    writer = YAML()
    writer.preserve_quotes = True
    writer.width = 1 << 20
    stream = io.StringIO()
    try:
        loaded = writer.load(text)
        if key[0] in expected:
            loaded[key[0]] = _decided(expected[key[0]])
        else:
            loaded.pop(key[0], None)
        writer.dump(loaded, stream)
    except (YAMLError, TypeError, ValueError):
        return ""
    return stream.getvalue()


def _decided(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _decided(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decided(item) for item in value]
    return decide(value) if isinstance(value, Plain) else value
