"""Where the parts of a YAML text stand: its nodes with their marks, aliases among them."""

from __future__ import annotations

from typing import Any

import yaml

from framework.config.texts import Loader

Entry = tuple[yaml.Node, yaml.Node]


class AliasNode(yaml.Node):
    """An alias, `*name`, with its own marks: PyYAML only hands out what it stands for."""

    id = "alias"

    def __init__(self, target: yaml.Node, start_mark: yaml.Mark, end_mark: yaml.Mark) -> None:
        super().__init__(target.tag, target, start_mark, end_mark)


class _Loader(Loader):
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if not self.check_event(yaml.AliasEvent):
            return super().compose_node(parent, index)
        event = self.peek_event()  # type: ignore[no-untyped-call]
        target = super().compose_node(parent, index)
        assert target is not None
        return AliasNode(target, event.start_mark, event.end_mark)


def root_of(text: str) -> yaml.MappingNode | None:
    """The mapping that a text holds; `None` where it holds nothing.

    The text must have been read before, by `parse_mapping`: it is known to be one.
    """
    node: Any = yaml.compose(text, Loader=_Loader)
    return node if isinstance(node, yaml.MappingNode) else None


def entry_of(mapping: yaml.MappingNode, key: str) -> Entry | None:
    """A key's own entry: not one that `<<` brings."""
    for key_node, value_node in mapping.value:
        if isinstance(key_node, yaml.ScalarNode) and key_node.value == key != "<<":
            return key_node, value_node
    return None


def start_of(node: yaml.Node) -> int:
    """The index at which a node begins."""
    return int(node.start_mark.index)


def end_of(node: yaml.Node, text: str) -> int:
    """The index at which a node's last word ends, before comments and empty lines."""
    if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}:
        return start_of(node) + len(text[start_of(node) : node.end_mark.index].rstrip("\n "))
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return end_of(last[1] if isinstance(last, tuple) else last, text)
    return int(node.end_mark.index)


def line_start(text: str, index: int) -> int:
    """Where the line with this index begins."""
    return text.rfind("\n", 0, index) + 1


def line_end(text: str, index: int) -> int:
    """Where the line with this index ends, before its line break."""
    found = text.find("\n", index)
    return len(text) if found < 0 else found
