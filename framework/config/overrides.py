"""The four forms of an override: `key=value`, `+key=value`, `++key=value` and `~key`.

Everything after the first `=` is the value, literally.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from framework.config.schema import Group, Key, Kind, Map, Node, schema
from framework.config.texts import Plain
from framework.domain.redaction import without_signatures
from framework.errors import Problem

Override = str | tuple[str, Any]
"""An override as it is typed, or a key with a value from Python, whose texts are no YAML."""


class Operator(StrEnum):
    """What an override does to a key that is, or is not, there already."""

    CHANGE = "="
    ADD = "+"
    FORCE = "++"
    REMOVE = "~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One override, taken apart.

    Attributes:
        operator: Its form.
        key: The key's parts; below an open map of texts, all the rest is one part.
        value: The text after `=` as `Plain`, or a value from Python.
        has_value: Whether there was a value: `~key` may come without.
    """

    operator: Operator
    key: Key
    value: Any = None
    has_value: bool = True

    def nested(self) -> dict[str, Any]:
        """The mapping that sets this key alone."""
        value = self.value
        for part in reversed(self.key):
            value = {part: value}
        assert isinstance(value, dict)
        return value


def overrides_of(mapping: Mapping[str, Any]) -> list[Override]:
    """What `compose` takes, from keyword arguments: dotted keys, nested mappings, typed values."""
    return [(str(key), value) for key, value in mapping.items()]


def parse(overrides: Iterable[Override]) -> tuple[list[Assignment], list[Problem]]:
    """Takes overrides apart, and says which are none."""
    assignments: list[Assignment] = []
    problems: list[Problem] = []
    for override in overrides:
        parsed = _parse(override)
        if isinstance(parsed, Problem):
            problems.append(parsed)
        else:
            assignments.append(parsed)
    return assignments, problems


def _parse(override: Override) -> Assignment | Problem:
    if isinstance(override, str):
        written, separator, text = override.partition("=")
        value: Any = Plain(text)
        operator, name = _operator(written)
    else:
        written, value = override
        separator = "="
        operator, name = _operator(written)
        operator = Operator.REMOVE if operator is Operator.REMOVE else Operator.FORCE
    has_value = bool(separator) and not (operator is Operator.REMOVE and value is None)
    if not name or name.endswith(".") or "" in split(name):
        return _problem(written, "names no key: write key=value")
    if not separator and operator is not Operator.REMOVE:
        return _problem(written, f"is no override: write key=value{_hint(name)}")
    return Assignment(
        operator=operator, key=split(name), value=value if has_value else None, has_value=has_value
    )


def _operator(written: str) -> tuple[Operator, str]:
    for operator in (Operator.FORCE, Operator.ADD, Operator.REMOVE):
        if written.startswith(operator):
            return operator, written.removeprefix(operator).strip()
    return Operator.CHANGE, written.strip()


def split(name: str) -> Key:
    """A dotted key's parts. Below an open map of texts, dots belong to the key."""
    node: Node | None = schema()
    rest = name
    parts: list[str] = []
    while rest:
        if isinstance(node, Map) and node.values.kind is Kind.TEXT:
            return (*parts, rest)
        part, _, rest = rest.partition(".")
        parts.append(part)
        if isinstance(node, Group):
            node = node.children.get(part)
        elif isinstance(node, Map):
            node = node.values
    return tuple(parts)


def _hint(name: str) -> str:
    if "/" in name:
        return f", did you mean input={without_signatures(name)}?"
    if split(name)[0] in schema().children:
        return f", such as {name}=..."
    return f", did you mean endpoint={name}?"


def _problem(written: str, message: str) -> Problem:
    return Problem(key=without_signatures(written), message=message, source="override")
