"""From a table of written values to what is stored and to what a job runs with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framework.config.changes import BUILT_IN, CODE, DEFAULT, Source
from framework.config.documents import is_secret
from framework.config.inline_files import expanded_inline, is_inline, located_inline
from framework.config.paths import located
from framework.config.schema import (
    PARAM_PATH,
    Field,
    Group,
    Key,
    Kind,
    Map,
    Node,
    dotted,
    is_param_path,
    node_at,
    schema,
)
from framework.config.table import Leaf, Table
from framework.config.values import WrongValueError, described, read, settle
from framework.domain.redaction import MASK, without_signatures
from framework.domain.references import UnsetError, expand, expanded, has_reference
from framework.errors import Problem
from framework.settings import Settings

_SCRIPT = ("code_configuration", "scoring_script")
_OPTIONS = ("storage_options",)
_UNTYPED = frozenset({Kind.TEXT, Kind.ANY, Kind.FILE_OR_MAPPING, Kind.FILE_OR_TEXTS})
_TAKES_LISTS = frozenset({("input",)})


@dataclass(slots=True, kw_only=True)
class Resolved:
    """All values of a job.

    Attributes:
        values: As a job runs with them, by key; secrets resolved.
        document: The same as stored and shown: nested, references unresolved.
        sources: Where each was written.
        problems: What is wrong with them.
        notices: What is not known yet, where that was asked to be no problem.
    """

    values: dict[Key, Any] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    sources: dict[Key, Source] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def settings(self) -> Settings:
        """The settings; only where there are no problems."""
        settings = self._build(schema(), ())
        assert isinstance(settings, Settings)
        return settings

    def storage_options(self) -> dict[str, Any]:
        """By URL, what fsspec needs to open what is there or below; secrets resolved."""
        result: dict[str, Any] = {}
        for key, value in self.values.items():
            if key[:1] == _OPTIONS:
                _nest(result, key[1:], value)
        return result

    def set(self, key: Key, value: Any, source: Source) -> None:
        """Sets a value that follows from others."""
        self.values[key] = value
        self.sources[key] = source
        place = self.document
        for part in key[:-1]:
            place = place.setdefault(part, {})
        place[key[-1]] = value

    def complain(self, key: Key, message: str) -> None:
        """Notes a problem with a key's value."""
        source = self.sources.get(key, BUILT_IN)
        where = "" if source.layer == DEFAULT else str(source)
        self.problems.append(Problem(key=dotted(key), message=message, source=where))

    def _build(self, node: Node, key: Key) -> Any:
        if isinstance(node, Group):
            children = node.children.items()
            return node.type(**{name: self._build(child, (*key, name)) for name, child in children})
        if isinstance(node, Map):
            result: dict[str, Any] = {}
            for each, value in self.values.items():
                if each[: len(key)] == key:
                    _nest(result, each[len(key) :], value)
            return result
        return self.values[key]


def settled_at(key: Key, raw: Any) -> Any:
    """A written value as its key's type takes it; as it was written where it doesn't fit."""
    node = node_at(key)
    if not isinstance(node, Field):
        return raw
    try:
        value = settle(node, raw)
        if node.kind in {Kind.WHOLE, Kind.NUMBER, Kind.SWITCH, Kind.TOLERANCE} and isinstance(
            value, str
        ):
            return value if has_reference(value) else read(node, value)
    except WrongValueError:
        return str(raw)
    return value


def resolve(table: Table, *, is_complete: bool = True) -> Resolved:
    """Reads every value of a table; the defaults where it has none.

    Args:
        table: What the layers have set.
        is_complete: Whether an environment variable that is not set is a problem. Else its text
            stays a reference, and a number its default.
    """
    _give_script_a_folder(table)
    resolved = Resolved(document=_skeleton(schema()))
    for key, declared, leaf in _leaves(table):
        resolved.sources[key] = leaf.source
        try:
            written = settle(declared, leaf.value)
            value, stored = _read(declared, _located(key, declared, written, leaf.source))
        except UnsetError as error:
            if is_complete:
                resolved.complain(key, str(error))
                continue
            resolved.notices.append(f"{dotted(key)}: {error}")
            value, stored = _unresolved(declared, settle(declared, leaf.value))
        except WrongValueError as error:
            resolved.complain(key, str(error))
            continue
        resolved.values[key] = value
        _nest(resolved.document, key, MASK if _is_kept_apart(key, stored) else stored)
    return resolved


def _is_kept_apart(key: Key, stored: Any) -> bool:
    """Whether a value must not be stored: a plain secret of a store; its file still has it."""
    return key[:1] == _OPTIONS and is_secret(key, stored)


def _unresolved(declared: Field, written: Any) -> tuple[Any, Any]:
    stored = _stored(declared, written)
    if declared.kind is Kind.TEXTS:
        return tuple(stored), stored
    return stored if declared.kind in _UNTYPED else declared.default, stored


def _skeleton(group: Group) -> dict[str, Any]:
    """A document with every key in the schema's order."""
    return {
        name: _skeleton(node) if isinstance(node, Group) else {} if isinstance(node, Map) else None
        for name, node in group.children.items()
    }


def _leaves(table: Table) -> Iterator[tuple[Key, Field, Leaf]]:
    yield from _leaves_below(schema(), (), table)


def _leaves_below(node: Node, key: Key, table: Table) -> Iterator[tuple[Key, Field, Leaf]]:
    if isinstance(node, Group):
        for name, child in node.children.items():
            yield from _leaves_below(child, (*key, name), table)
    elif isinstance(node, Map):
        for each, leaf in table.under(key).items():
            yield each, PARAM_PATH if is_param_path(each) else node.values, leaf
    else:
        yield key, node, table.get(key) or Leaf(node.default, BUILT_IN)


def _give_script_a_folder(table: Table) -> None:
    """A script given without a code folder: the folder that it lies in."""
    code, script = table.get(CODE), table.get(_SCRIPT)
    if script is None or not isinstance(script.value, str):
        return
    if code is not None and code.value is not None:
        return
    folder, _, name = script.value.rpartition("/")
    is_at_root = script.value.startswith("/") and not folder
    table.put(CODE, Leaf("/" if is_at_root else folder or ".", script.source))
    table.put(_SCRIPT, Leaf(name, script.source))


def _located(key: Key, declared: Field, written: Any, source: Source) -> Any:
    if is_inline(declared, written):
        return located_inline(written, source.folder)
    if source.folder is None or not declared.metadata.get("is_path"):
        return written
    if isinstance(written, list):
        return [_located(key, declared, item, source) for item in written]
    if not isinstance(written, str):
        return written
    value = expand(written, os.environ)
    if value is None:
        return written
    if not value:
        raise WrongValueError("must not be empty")
    return located(written, value, Path(source.folder), takes_lists=key in _TAKES_LISTS)


def _read(declared: Field, written: Any) -> tuple[Any, Any]:
    """A settled value as it is used and as it is stored."""
    if is_inline(declared, written):
        return read(declared, expanded_inline(written)), _stored(declared, written)
    if isinstance(written, str) and has_reference(written):
        try:
            return read(declared, expanded(written, os.environ)), _stored(declared, written)
        except WrongValueError:
            shown = without_signatures(written)
            message = f"must be {described(declared)}, the value of {shown} is not"
            raise WrongValueError(message) from None
    value = read(declared, expanded(written, os.environ))
    if declared.kind in {Kind.TEXTS, Kind.ANY}:
        return value, _stored(declared, written)
    if isinstance(written, str) and declared.kind in _UNTYPED:
        return value, _stored(declared, written)
    is_word = declared.enum is not None and value is not None
    return value, str(value) if is_word else value


def _stored(declared: Field, written: Any) -> Any:
    if isinstance(written, str):
        text = without_signatures(written)
        return [text] if declared.kind is Kind.TEXTS else text
    if isinstance(written, list):
        return [_stored_item(declared, item) for item in written]
    if isinstance(written, dict):
        return {key: _stored_item(declared, item) for key, item in written.items()}
    return [] if written is None and declared.kind is Kind.TEXTS else written


def _stored_item(declared: Field, item: Any) -> Any:
    if declared.kind is Kind.TEXTS:
        return without_signatures(item) if isinstance(item, str) else read(_ITEM, item)
    return _stored(declared, item)


_ITEM = Field(kind=Kind.TEXT)


def _nest(place: dict[str, Any], key: Key, value: Any) -> None:
    for part in key[:-1]:
        place = place.setdefault(part, {})
    place[key[-1]] = value
