"""What one layer of the configuration changes: its keys, checked against the schema, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from framework.config.foreign_keys import FOREIGN, wrong_keys
from framework.config.schema import Field, Group, Key, Kind, Map, Node, dotted, schema
from framework.config.shorthands import (
    REPLACED,
    spelled_out,
    without_prefix,
)
from framework.config.texts import Lined, Plain, parse_flow
from framework.config.unknown_keys import unknown_foreign_key, unknown_key
from framework.config.values import described, quoted
from framework.domain.suggestions import listed
from framework.errors import Problem

DEFAULT = "default"
OVERRIDE = "override"
COMPUTE = ("compute",)
COMPUTE_NAME = ("compute", "name")
ENVIRONMENT_NAME = ("environment", "name")
_INPUT = ("input",)
_OF_AN_INPUT = {"path": "input", "type": "input_type"}
"""What Azure ML's `input: {path, type}` sets."""
CODE = ("code_configuration", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a value was written.

    Attributes:
        layer: `default`, `override` or a file's path as people read it.
        line: The line in the file, from 1.
        folder: What relative paths are relative to; `None` where none are to be moved.
        is_literal: Whether `${...}` is literal text there, `${oc.env:...}` excepted.
    """

    layer: str
    line: int | None = None
    folder: Path | None = None
    is_literal: bool = True

    def __str__(self) -> str:
        return self.layer if self.line is None else f"{self.layer}:{self.line}"


BUILT_IN = Source(layer=DEFAULT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One key that a layer sets, or one that it clears with everything below it.

    Attributes:
        key: Where.
        value: As it was written.
        source: By whom.
        clears: Whether the key goes back to its default; `value` has no meaning then.
    """

    key: Key
    source: Source
    value: Any = None
    clears: bool = False


@dataclass(slots=True, kw_only=True)
class Layer:
    """The changes of one file or of one override, and what is wrong with them."""

    source: Source
    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def add(self, mapping: Mapping[str, Any]) -> Layer:
        """Adds what a mapping says, at the root of the settings."""
        self._children(schema(), (), mapping)
        return self

    def complain(self, key: Key, message: str, line: int | None = None) -> None:
        """Notes a problem."""
        source = str(replace(self.source, line=line))
        self.problems.append(Problem(key=dotted(key), message=message, source=source))

    def ignore(self, group: str, key: Key, value: Any, line: int | None = None) -> None:
        """Accepts a key of Azure ML's that changes nothing here, and says so."""
        foreign = FOREIGN[group][key[-1]]
        for wrong in wrong_keys(value, foreign.below, key):
            self.complain(wrong, unknown_foreign_key(wrong, foreign.below or {}, len(key)), line)
        if foreign.is_told:
            instead = f": {foreign.instead}" if foreign.instead else ""
            self.notices.append(f"{dotted(key)} is accepted, but has no effect here{instead}")

    def _visit(self, node: Node, key: Key, value: Any, line: int | None) -> None:
        if isinstance(node, Field):
            self._field(node, key, value, line)
            return
        if isinstance(value, Plain) and value.startswith("{"):
            value = parse_flow(value)
        if isinstance(node, Group):
            self._group(node, key, value, line)
        else:
            self._map(node, key, value, line)

    def _group(self, node: Group, key: Key, value: Any, line: int | None) -> None:
        if isinstance(value, Mapping):
            self._children(node, key, value)
            return
        short = spelled_out(key, value)
        if short is not None:
            if key in REPLACED:
                self.changes.append(Change(key=key, source=self._at(line), clears=True))
            self._children(node, key, short, line)
        elif value is not None:
            names = listed(dotted((*key, name)) for name in node.children)
            self.complain(key, f"has keys of its own ({names}), is {quoted(value)}", line)

    def _children(
        self, node: Group, key: Key, mapping: Mapping[str, Any], line: int | None = None
    ) -> None:
        for name, value in mapping.items():
            below = (*key, str(name))
            where = mapping.lines.get(name) if isinstance(mapping, Lined) else line
            child = node.children.get(str(name))
            if child is not None:
                self._visit(child, below, value, where)
            elif str(name) in FOREIGN.get(dotted(key), {}):
                self.ignore(dotted(key), below, value, where)
            elif key == COMPUTE:
                self._open(node.children["params"], (*key, "params", str(name)), value, where)
            else:
                below = _deepest(below, value)
                self.complain(below, unknown_key(below), where)

    def _map(self, node: Map, key: Key, value: Any, line: int | None) -> None:
        if isinstance(value, Mapping):
            for name, item in value.items():
                where = value.lines.get(name) if isinstance(value, Lined) else line
                self._open(node, (*key, str(name)), item, where)
        elif value is not None:
            self.complain(key, f"has keys of its own: write {dotted(key)}.KEY", line)

    def _open(self, node: Node, key: Key, value: Any, line: int | None) -> None:
        is_any = isinstance(node, Map) and node.values.kind is Kind.ANY
        if is_any and isinstance(value, Plain) and value.startswith("{"):
            value = parse_flow(value)
        if is_any and isinstance(value, Mapping) and value:
            for name, item in value.items():
                self._open(node, (*key, str(name)), item, line)
            return
        is_empty_text = value is None and not is_any
        self._set(key, "" if is_empty_text else value, line)

    def _field(self, node: Field, key: Key, value: Any, line: int | None) -> None:
        if key == _INPUT and isinstance(value, Mapping) and value.keys() <= _OF_AN_INPUT.keys():
            for name, item in value.items():
                self._set((_OF_AN_INPUT[str(name)],), item, line)
            return
        if key == CODE and isinstance(value, Mapping) and list(value) == ["path"]:
            value = value["path"]
        if key == COMPUTE_NAME and isinstance(value, str):
            value = without_prefix(value)
        is_document = node.kind is Kind.FILE_OR_MAPPING
        if isinstance(value, Mapping) and value and not is_document:
            names = listed(value)
            self.complain(key, f"must be {described(node)}, and has no key {names}", line)
            return
        self._set(key, value, line)

    def _set(self, key: Key, value: Any, line: int | None) -> None:
        self.changes.append(Change(key=key, value=value, source=self._at(line)))

    def _at(self, line: int | None) -> Source:
        return replace(self.source, line=line)


def _deepest(key: Key, value: Any) -> Key:
    """The whole of a dotted key that an override was nested from."""
    while isinstance(value, Mapping) and not isinstance(value, Lined) and len(value) == 1:
        ((name, value),) = value.items()
        key = (*key, str(name))
    return key
