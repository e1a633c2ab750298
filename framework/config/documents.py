"""Documents: settings as they are stored, and the same fit to be shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from framework.config.schema import ROOT, Key, Map, node_at
from framework.domain.redaction import MASK, looks_secret, without_signatures
from framework.domain.references import is_reference

_BY_URL = "storage_options"
"""Its own keys are URLs, whose words say nothing of what is below them."""


def leaves(document: Mapping[str, Any], key: Key = ROOT) -> Iterator[tuple[Key, Any]]:
    """Every value of a document with its key."""
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*key, name))
        else:
            yield (*key, name), value


def shown(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document fit to be shown: what its key's name says to be secret is masked."""
    return {name: _shown((name,), value) for name, value in document.items()}


def _shown(key: Key, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _shown((*key, name), item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shown(key, item) for item in value]
    if is_secret(key, value):
        return MASK
    return without_signatures(value) if isinstance(value, str) else value


def is_secret(key: Key, value: Any) -> bool:
    """Whether a stored value would be masked where it is shown: a plain secret, no reference."""
    is_open = any(isinstance(node_at(key[:length]), Map) for length in range(1, len(key)))
    if not is_open or value is None or isinstance(value, bool) or value in ("", MASK):
        return False
    if isinstance(value, str) and is_reference(value):
        return False
    names = key[2:] if key[0] == _BY_URL else key[1:]
    return any(looks_secret(part) for part in names)
