"""Changing one key of a YAML text, and not a character of the rest.

Each function takes a text and returns another one. A text that has what is not foreseen here, such
as a change below an anchor that is used elsewhere, comes out wrong: whoever calls reads the result
and compares it with what was to become of it.
"""

from __future__ import annotations

from typing import Any

import yaml

from framework.config.editing.nodes import (
    Entry,
    end_of,
    entry_of,
    line_end,
    line_start,
    root_of,
    start_of,
)
from framework.config.editing.rendering import below, block, flow
from framework.config.schema import Key


def with_value(text: str, key: Key, value: Any) -> str:
    """The text with a key set; its parents are made where they are not there."""
    mapping = root_of(text)
    if mapping is None or not mapping.value:
        return _with_first(text, mapping, nested(key, value))
    for depth, part in enumerate(key):
        entry = entry_of(mapping, part)
        if entry is None:
            return _with_entry(text, mapping, part, nested(key[depth + 1 :], value))
        below_it = entry[1]
        is_last = depth == len(key) - 1
        if is_last or not isinstance(below_it, yaml.MappingNode) or not below_it.value:
            return _with_other_value(text, mapping, entry, nested(key[depth + 1 :], value))
        mapping = below_it
    raise AssertionError("an empty key")


def without_key(text: str, key: Key) -> str:
    """The text without a key and the comments that stand right above it."""
    mapping = root_of(text)
    for depth, part in enumerate(key):
        entry = None if mapping is None else entry_of(mapping, part)
        if mapping is None or entry is None:
            return text
        if depth == len(key) - 1:
            return _without_entry(text, mapping, entry, key)
        mapping = entry[1] if isinstance(entry[1], yaml.MappingNode) else None
    return text


def nested(key: Key, value: Any) -> Any:
    """A value below keys."""
    for part in reversed(key):
        value = {part: value}
    return value


def _with_first(text: str, root: yaml.MappingNode | None, mapping: dict[str, Any]) -> str:
    if root is not None:  # {}
        return text[: start_of(root)] + block(mapping, 0) + text[root.end_mark.index :]
    separator = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{separator}{block(mapping, 0)}\n"


def _with_entry(text: str, mapping: yaml.MappingNode, key: str, value: Any) -> str:
    first, last = mapping.value[0][0], mapping.value[-1][1]
    end = end_of(last, text)
    if mapping.flow_style:
        return f"{text[:end]}, {flow({key: value})[1:-1]}{text[end:]}"
    end = line_end(text, end)
    return f"{text[:end]}\n{block({key: value}, first.start_mark.column)}{text[end:]}"


def _with_other_value(text: str, mapping: yaml.MappingNode, entry: Entry, value: Any) -> str:
    key_node, old = entry
    if mapping.flow_style:
        gap = "" if start_of(old) > key_node.end_mark.index + 1 else " "
        return f"{text[: start_of(old)]}{gap}{flow(value)}{text[end_of(old, text) :]}"
    is_one_line = not isinstance(value, dict | list) or not value or _is_flow(old)
    is_scalar = isinstance(old, yaml.ScalarNode) and old.style not in {"|", ">"}
    rendered = _rendered(key_node, value, is_one_line=is_one_line)
    start = key_node.end_mark.index
    if is_scalar and not rendered.startswith("\n"):
        start = start_of(old)
        colon = "" if text[start - 1 : start].isspace() else " "
        return f"{text[:start]}{colon}{rendered.lstrip(' ')}{text[end_of(old, text) :]}"
    end = end_of(old, text)
    comment = _comment_between(text[start : start_of(old)])
    tail = text[end : line_end(text, end)]
    if is_scalar and tail.lstrip().startswith("#"):
        comment, end = f" {tail.strip()}", end + len(tail)
    first, line_break, rest = rendered.partition("\n")
    return f"{text[:start]}:{first}{comment}{line_break}{rest}{text[end:]}"


def _rendered(key_node: yaml.Node, value: Any, *, is_one_line: bool) -> str:
    """What follows a key's colon."""
    if is_one_line and not (isinstance(value, str) and "\n" in value):
        return f" {block({'k': value}, 0)[3:]}" if not _is_filled(value) else f" {flow(value)}"
    column = key_node.start_mark.column
    if isinstance(value, dict):
        return f"\n{block(value, below(column))}"
    return block({"k": value}, column)[column + 2 :]


def _is_filled(value: Any) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _is_flow(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style) and bool(node.value)


def _comment_between(gap: str) -> str:
    """The comment on a key's own line, before what is nested in it."""
    line = gap.partition("\n")[0]
    place = line.find("#")
    return "" if place < 0 or "\n" not in gap else f" {line[place:].rstrip()}"


def _without_entry(text: str, mapping: yaml.MappingNode, entry: Entry, key: Key) -> str:
    key_node, old = entry
    if len(mapping.value) == 1 and len(key) > 1:
        return with_value(text, key[:-1], {})
    if mapping.flow_style:
        kept = [each for each in mapping.value if each[0] is not key_node]
        parts = [text[start_of(name) : end_of(item, text)] for name, item in kept]
        joined = f"{{{', '.join(parts)}}}"
        return text[: start_of(mapping)] + joined + text[mapping.end_mark.index :]
    start = line_start(text, start_of(key_node))
    if mapping.value[0][0] is not key_node:  # above the first key is what is said of all
        start = _first_comment_above(text, start, key_node.start_mark.column)
    end = line_end(text, end_of(old, text))
    if end < len(text):
        return text[:start] + text[end + 1 :]
    return text[:start] if text.endswith("\n") else text[:start].removesuffix("\n")


def _first_comment_above(text: str, start: int, column: int) -> int:
    """Where the comments begin that stand right above a line, in its column."""
    while start > 0:
        above = line_start(text, start - 1)
        line = text[above:start]
        if not line.lstrip(" ").startswith("#") or len(line) - len(line.lstrip(" ")) != column:
            break
        start = above
    return start
