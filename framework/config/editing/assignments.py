"""`--set key=value` and `--remove key`: typed by the keys that a kind declares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from framework.config.editing.addresses import Kind
from framework.config.editing.document import Document
from framework.config.overrides import split
from framework.config.schema import Field, Key, Node, node_at
from framework.config.schema import Kind as Type
from framework.config.texts import Plain, decide, parse_flow
from framework.domain.redaction import without_signatures
from framework.errors import ConfigurationError, Problem

SET, REMOVE = "--set", "--remove"
_TEXTS = frozenset(
    "name endpoint_name version description type image auth_mode account_name container_name "
    "filesystem url endpoint protocol".split()
)
_MAPS = frozenset({"tags", "properties"})
_SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key that a verb sets.

    Attributes:
        key: Its parts.
        value: As it is written into the file.
    """

    key: Key
    value: Any


def parse_settings(kind: Kind, texts: Iterable[str]) -> tuple[Setting, ...]:
    """Takes `key=value` texts apart.

    Raises:
        ConfigurationError: Some are none; says which, all together.
    """
    settings, problems = [], []
    for text in texts:
        written, equals, value = text.partition("=")
        key = _key(kind, written.strip())
        if not equals or not key or not all(key):
            shown = without_signatures(written if equals else text)
            message = "is no setting: write key=value"
            problems.append(Problem(key=shown, message=message, source=SET))
        elif not _is_text(text):
            shown = written.encode("utf-8", "backslashreplace").decode()
            problems.append(Problem(key=shown, message="is not UTF-8", source=SET))
        else:
            settings.append(Setting(key, _typed(_node(kind, key), value)))
    if problems:
        raise ConfigurationError(*problems)
    return tuple(settings)


def parse_keys(kind: Kind, texts: Iterable[str]) -> tuple[Key, ...]:
    """The keys that `--remove` names."""
    return tuple(_key(kind, text.strip()) for text in texts)


def placed(kind: Kind, key: Key, document: Document) -> Key:
    """Where a deployment's key stands: in Azure ML's `type: model` form below `settings`."""
    if kind != "deployment":
        return key
    inner = document.get((_SETTINGS,))
    if key[0] == _SETTINGS:
        is_flat = not isinstance(inner, dict) and len(key) > 1
        return key[1:] if is_flat else key
    if isinstance(inner, dict) and key[0] in inner:
        return (_SETTINGS, *key)
    return key


def _key(kind: Kind, name: str) -> Key:
    first, _, rest = name.partition(".")
    if first in _MAPS:
        return (first, rest) if rest else (first,)
    if kind == "deployment" and first != _SETTINGS:
        return split(name)
    if kind in {"deployment", "endpoint"} and first == _SETTINGS and rest:
        return (_SETTINGS, *split(rest))
    return tuple(name.split("."))


def _node(kind: Kind, key: Key) -> Node | None:
    if key[0] in _MAPS or (key[0] in _TEXTS and kind != "deployment" and len(key) == 1):
        return Field(kind=Type.TEXT) if len(key) > 1 or key[0] in _TEXTS else None
    if kind in {"deployment", "endpoint"}:
        if key[0] in {"name", "endpoint_name", "description"}:
            return Field(kind=Type.TEXT)
        return node_at(key[1:] if key[0] == _SETTINGS else key)
    return node_at(("compute", *key)) if kind == "compute" else None


def _typed(node: Node | None, text: str) -> Any:
    if isinstance(node, Field):
        if node.kind in {Type.TEXT, Type.CHOICE}:
            return None if node.is_optional and text == "null" else text
        if node.kind is Type.TEXTS and not text.startswith("["):
            return text
    elif node is not None and not text.startswith("{"):
        return None if text == "null" else text
    structure = parse_flow(text)
    if structure != text:
        return structure
    is_word = isinstance(decide(text), str)
    return text if is_word else (None if decide(text) is None else Plain(text))


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
