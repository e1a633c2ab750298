"""The keys that `Settings` declares, as a tree: groups, open maps and fields."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import cache
from typing import Any

from framework.settings import Settings

Key = tuple[str, ...]
"""A key's parts: `retry_settings.timeout` is `("retry_settings", "timeout")`."""


class Kind(Enum):
    """What a field holds."""

    TEXT = "text"
    WHOLE = "a whole number"
    NUMBER = "a number"
    SWITCH = "true or false"
    CHOICE = "one of a closed set"
    TOLERANCE = "a whole number from -1 on, or a share such as 5%"
    TEXTS = "a list of texts"
    FILE_OR_MAPPING = "a path or keys and values"
    FILE_OR_TEXTS = "a path or a list of texts"
    ANY = "anything"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A key with a value of its own.

    Attributes:
        kind: What it holds.
        default: Its value where nothing sets it.
        is_optional: Whether it may be `null`.
        choices: The words that a `CHOICE` takes.
        enum: The enumeration that the words belong to, if any.
        metadata: Its range and unit, see `framework.settings.deployment`.
    """

    kind: Kind
    default: Any = None
    is_optional: bool = False
    choices: tuple[str, ...] = ()
    enum: type[StrEnum] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """A key below which people choose the keys: `tags`, `scorer.params`."""

    values: Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A key below which only declared keys stand."""

    type: type[Any]
    children: Mapping[str, Group | Map | Field]


Node = Group | Map | Field
ROOT: Key = ()
OPEN_TEXT = Field(kind=Kind.TEXT)
OPEN_ANY = Field(kind=Kind.ANY, is_optional=True)
COMPUTE_PATHS = ("tls_ca_file", "tls_client_cert", "tls_client_key")
"""Settings of registered computes that are paths: relative ones are relative to their file."""
PARAM_PATH = Field(kind=Kind.TEXT, is_optional=True, metadata={"is_path": True})


def is_param_path(key: Key) -> bool:
    """Whether a registered compute's own setting is a path."""
    return key[:2] == ("compute", "params") and len(key) == 3 and key[2] in COMPUTE_PATHS


@cache
def schema() -> Group:
    """The tree of all keys of a job."""
    return _group(Settings)


def dotted(key: Key) -> str:
    """A key as people write it."""
    return ".".join(key)


def node_at(key: Key) -> Node | None:
    """What the schema has at a key; the values' field for a key in an open map."""
    node: Node = schema()
    for part in key:
        if isinstance(node, Group):
            child = node.children.get(part)
            if child is None:
                return None
            node = child
        elif isinstance(node, Map):
            node = node.values
        elif node.kind is not Kind.ANY:
            return None
    return node


def fields(node: Node | None = None, key: Key = ROOT) -> Iterator[tuple[Key, Field]]:
    """All declared fields below a node, in the order of the schema."""
    node = node or schema()
    if isinstance(node, Field):
        yield key, node
    elif isinstance(node, Group):
        for name, child in node.children.items():
            yield from fields(child, (*key, name))


def _group(kind: type[Any]) -> Group:
    hints = typing.get_type_hints(kind)
    return Group(
        type=kind,
        children={each.name: _node(hints[each.name], each) for each in dataclasses.fields(kind)},
    )


def _node(hint: Any, declared: dataclasses.Field[Any]) -> Node:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _group(hint)
    if typing.get_origin(hint) is dict:
        return Map(values=OPEN_ANY if typing.get_args(hint)[1] is Any else OPEN_TEXT)
    return _field(hint, declared)


def _field(hint: Any, declared: dataclasses.Field[Any]) -> Field:
    if set(typing.get_args(hint)) == {int, str}:
        return Field(kind=Kind.TOLERANCE, default=declared.default, metadata=declared.metadata)
    is_optional = isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
    parts = [part for part in typing.get_args(hint) if part is not type(None)]
    if is_optional and len(parts) == 1:
        hint = parts[0]
    kind, choices, enum = _kind(hint)
    return Field(
        kind=kind,
        default=declared.default,
        is_optional=is_optional,
        choices=choices,
        enum=enum,
        metadata=declared.metadata,
    )


def _kind(hint: Any) -> tuple[Kind, tuple[str, ...], type[StrEnum] | None]:
    if typing.get_origin(hint) is typing.Literal:
        return Kind.CHOICE, typing.get_args(hint), None
    if typing.get_origin(hint) is tuple:
        return Kind.TEXTS, (), None
    if isinstance(hint, types.UnionType):  # a file's path, or what stands in it
        is_mapping = any(typing.get_origin(part) is dict for part in typing.get_args(hint))
        return Kind.FILE_OR_MAPPING if is_mapping else Kind.FILE_OR_TEXTS, (), None
    if issubclass(hint, StrEnum):
        return Kind.CHOICE, tuple(choice.value for choice in hint), hint
    plain = {str: Kind.TEXT, bool: Kind.SWITCH, int: Kind.WHOLE, float: Kind.NUMBER}
    return plain[hint], (), None
