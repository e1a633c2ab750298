"""The entries of a conda file: texts that know the line they were written in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from framework.domain.redaction import without_signatures
from framework.errors import Problem

_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One text of a list, as it was written.

    Attributes:
        text: Without the space around it.
        source: The file it stands in, as people read it; empty where there is none.
        line: From 1; 0 where it is not known.
    """

    text: str
    source: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """Where it stands, for a message."""
        return f"{self.source}:{self.line}" if self.line else self.source

    def problem(self, key: str, message: str) -> Problem:
        """Something that is wrong with it."""
        return Problem(key=key, message=without_signatures(message), source=self.place)


Value = Entry | None | list[Any] | dict[str, Any]
"""An entry, nothing, a list of values, or a mapping of them."""


@dataclass(slots=True)
class Problems:
    """What is wrong with an environment: all of it is told at once.

    Attributes:
        key: The setting that it was written in.
        found: The problems.
    """

    key: str
    found: list[Problem] = field(default_factory=list)

    def add(self, entry: Entry, message: str) -> None:
        """Notes one."""
        self.found.append(entry.problem(self.key, message))


def parse_yaml(text: str, source: str) -> Value:
    """The values of a YAML text; numbers and dates stay the texts that they were written as.

    Raises:
        yaml.YAMLError: It is no YAML.
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    return None if node is None else _from_node(node, source, 0)


def _from_node(node: yaml.Node, source: str, depth: int) -> Value:
    line = node.start_mark.line + 1
    if depth > _DEEPEST:
        raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=node.start_mark)
    if isinstance(node, yaml.SequenceNode):
        return [_from_node(item, source, depth + 1) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return _from_mapping(node, source, depth)
    if str(node.tag).endswith(":null"):
        return None
    return Entry(str(node.value).strip(), source, line)


def _from_mapping(node: yaml.MappingNode, source: str, depth: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        if key in result:
            raise yaml.MarkedYAMLError(
                problem=f"the key {key!r} is there twice", problem_mark=key_node.start_mark
            )
        result[key] = _from_node(value_node, source, depth + 1)
    return result


def from_plain(value: Any, source: str) -> Value:
    """The same of values that were read already."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {str(key): from_plain(item, source) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [from_plain(item, source) for item in value]
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return Entry(text.strip(), source)


def read_text(path: Path) -> str:
    """A text file's content.

    Raises:
        ValueError: It can't be read, or is no text; says why.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ValueError(f"can't be read: {reason}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"is not UTF-8: byte 0x{error.object[error.start]:02x} in line {line}"
        ) from None


def shown_path(path: Path) -> str:
    """A path as people read it: relative to the working directory if it is below it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
