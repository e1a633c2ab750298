"""Text whose type is still open, and what YAML makes of it.

An override's value and an unquoted scalar of a YAML file are read by the type of their field:
`007` is a text in `model.version` and a number in `mini_batch_size`. Until then they are `Plain`.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from framework.config.hidden import Hidden

_NULLS = frozenset({"null", "Null", "NULL", "~"})
_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LONGEST_NUMBER = 300
_PLAIN = "tag:plain"
_TAG = "tag:yaml.org,2002:"
_SCALAR_TAGS = frozenset(_TAG + name for name in ("int", "float", "bool", "null"))


class Plain(str):
    """Text that its field's type decides about."""

    __slots__ = ()


class Lined(dict[str, Any]):
    """A mapping of a YAML file that knows the line, from 1, of each of its keys."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


class Loader(yaml.SafeLoader):
    """Finds the nodes of a document and leaves unquoted scalars untyped."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """The tag of a node without one."""
        if kind is yaml.ScalarNode and implicit[0]:
            return _PLAIN
        return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]


def decide(text: str) -> Any:
    """The value of an unquoted scalar where no field says its type, as YAML reads it.

    Numbers that begin with a zero, or have underscores or colons, stay texts: YAML 1.1 would make
    `007`, `1_000` and `12:30` numbers that nobody meant. So do dates.
    """
    if text in _NULLS:
        return None
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    if len(text) <= _LONGEST_NUMBER:
        if _INT.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    return str(text)


def parse_flow(text: str) -> Any:
    """A flow collection or a quoted scalar that fills the whole text; else the text itself."""
    hidden = Hidden()
    swapped = hidden.hide_references(text)
    try:
        node = yaml.compose(swapped, Loader=Loader)
        if not isinstance(node, yaml.Node) or not _fills(node, swapped):
            return text
        return hidden.restore(construct(node))
    except (yaml.YAMLError, RecursionError):
        return text


def _fills(node: yaml.Node, text: str) -> bool:
    is_quoted = isinstance(node, yaml.ScalarNode) and node.style in {"'", '"'}
    is_flow = isinstance(node, yaml.CollectionNode) and bool(node.flow_style)
    covers = node.start_mark.index == 0 and node.end_mark.index == len(text)
    return covers and (is_quoted or is_flow)


def construct(node: yaml.Node) -> Any:
    """What a node holds: `Lined`, lists, texts, `Plain` texts and `None`.

    Raises:
        yaml.MarkedYAMLError: A key is written twice or is no text, or there is a tag.
    """
    return _Constructor().value(node)


class _Constructor:
    def __init__(self) -> None:
        self._open: set[int] = set()

    def value(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._open:
            raise _error("an alias to something that it is part of", node)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node)
            return self._sequence(node)
        finally:
            self._open.discard(id(node))

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        if node.tag == _TAG + "str":
            return str(node.value)
        if node.tag != _PLAIN and node.tag not in _SCALAR_TAGS:
            raise _error(f"tags such as {node.tag} are not supported", node)
        if node.value in _NULLS or node.value == "":
            return None
        return Plain(node.value)

    def _sequence(self, node: yaml.Node) -> list[Any]:
        if node.tag != _TAG + "seq":
            raise _error(f"tags such as {node.tag} are not supported", node)
        return [self.value(item) for item in node.value]

    def _mapping(self, node: yaml.MappingNode) -> Lined:
        if node.tag != _TAG + "map":
            raise _error(f"tags such as {node.tag} are not supported", node)
        result, merged = Lined(), Lined()
        for key_node, value_node in node.value:
            if isinstance(key_node, yaml.ScalarNode) and key_node.value == "<<":
                self._merge(merged, value_node)
                continue
            key = self._key(key_node, result)
            result[key] = self.value(value_node)
            result.lines[key] = key_node.start_mark.line + 1
        for key in merged.keys() - result.keys():
            result[key], result.lines[key] = merged[key], merged.lines[key]
        return result

    def _key(self, node: yaml.Node, seen: Lined) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise _error("a key must be a text", node)
        key = str(node.value)
        if key in seen:
            raise _error(f"the key {key!r} is there twice, first in line {seen.lines[key]}", node)
        return key

    def _merge(self, merged: Lined, node: yaml.Node) -> None:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for each in nodes:
            mapping = self.value(each)
            if not isinstance(mapping, Lined):
                raise _error("<< needs a mapping", each)
            for key in mapping.keys() - merged.keys():
                merged[key], merged.lines[key] = mapping[key], mapping.lines[key]


def _error(problem: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
