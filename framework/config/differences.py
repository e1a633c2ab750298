"""What differs between the settings of two invocations under one name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from framework.config.documents import leaves, shown
from framework.config.schema import Field, Key, dotted, fields, node_at
from framework.config.values import quoted

_IDENTITY = frozenset(
    {
        "name",
        "tags",
        "default_compute",
        "default_datastore",
        "index_url",
        "storage_options",
        "workspace",
    }
)
_UNSET = object()


def differences(old_document: Mapping[str, Any], new_document: Mapping[str, Any]) -> list[str]:
    """Readable lines, one for each key whose value differs: `mini_batch_size: 10 -> 20`.

    What says who the job is and where it is kept, and not how it is done, doesn't count: its name
    and tags, the workspace and its defaults, and how stores are opened.
    """
    old, new = dict(leaves(old_document)), dict(leaves(new_document))
    shown_old, shown_new = (
        dict(leaves(shown(document))) for document in (old_document, new_document)
    )
    return [
        f"{dotted(key)}: {_said(shown_old, key)} -> {_said(shown_new, key)}"
        for key in dict.fromkeys((*old, *new))
        if key[0] not in _IDENTITY and not _is_same(_value(old, key), _value(new, key))
    ]


def _value(leaves: dict[Key, Any], key: Key) -> Any:
    """The value at a key; its default where a record is older than the key."""
    node = node_at(key)
    default = node.default if isinstance(node, Field) and key in dict(fields()) else _UNSET
    default = list(default) if isinstance(default, tuple) else default
    return leaves.get(key, default)


def _is_same(old: Any, new: Any) -> bool:
    return bool(old == new) and isinstance(old, bool) == isinstance(new, bool)


def _said(leaves: dict[Key, Any], key: Key) -> str:
    if key not in leaves:
        return "not set"
    value = leaves[key]
    if isinstance(value, list):
        return "[" + ", ".join(quoted(item) for item in value) + "]"
    return "null" if value is None else quoted(value)
