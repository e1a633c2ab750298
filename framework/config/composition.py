"""What composing gives: the settings to run with, and what may be stored and shown of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from framework.config.references import is_reference
from framework.config.schema import Key, Map, dotted, node_at
from framework.domain.redaction import MASK, looks_secret, without_signatures
from framework.settings import Settings

_WIDTH = 100_000
_COLUMN = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """The composed configuration of one job.

    Attributes:
        settings: What the job runs with. Secrets are resolved: never to be stored or shown.
        document: What is stored: plain, nested, ready for JSON; `${oc.env:...}` unresolved and
            signatures taken out of URLs.
        origins: Where each dotted key was set: `default`, a file's path or `override`.
        conf: The workspace's `config.yaml`, if there is one.
        notices: What was accepted, but has no effect or another one than might be expected.
    """

    settings: Settings
    document: dict[str, Any]
    origins: dict[str, str]
    conf: Path | None
    notices: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Composition(document={shown(self.document)!r}, conf={self.conf!r})"

    def to_yaml(self, *, origin: bool = False) -> str:
        """The document as YAML, fit to be shown.

        Args:
            origin: Whether a comment at the end of each line says where the key was set.
        """
        lines = []
        for key, line in _lines(shown(self.document), ()):
            source = self.origins.get(dotted(key)) if origin else None
            lines.append(f"{line:<{_COLUMN}}  # {_on_one_line(source)}" if source else line)
        return "\n".join(lines) + "\n"


def shown(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document fit to be shown: what its key's name says to be secret is masked."""
    return {name: _shown((name,), value) for name, value in document.items()}


def _shown(key: Key, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _shown((*key, name), item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shown(key, item) for item in value]
    if _is_secret(key, value):
        return MASK
    return without_signatures(value) if isinstance(value, str) else value


def _is_secret(key: Key, value: Any) -> bool:
    is_open = any(isinstance(node_at(key[:length]), Map) for length in range(1, len(key)))
    if not is_open or value is None or isinstance(value, bool) or value == "":
        return False
    if isinstance(value, str) and is_reference(value):
        return False
    return any(looks_secret(part) for part in key[1:])


def _lines(mapping: Mapping[str, Any], key: Key) -> Iterator[tuple[Key, str]]:
    indent = "  " * len(key)
    for name, value in mapping.items():
        below = (*key, name)
        if isinstance(value, Mapping) and value:
            yield (), f"{indent}{_on_one_line(name)}:"
            yield from _lines(value, below)
        else:
            yield below, f"{indent}{_on_one_line(name)}: {_on_one_line(value)}"


def _on_one_line(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    text = yaml.safe_dump(
        value, default_flow_style=True, width=_WIDTH, allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...")
