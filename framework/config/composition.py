"""What composing gives: the settings to run with, and what may be stored and shown of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from framework.config.changes import DEFAULT
from framework.config.documents import shown
from framework.config.schema import Key, dotted
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

    def origin_of(self, key: str) -> str:
        """Where a dotted key was set, or what it is a part of."""
        while key not in self.origins and "." in key:
            key = key.rpartition(".")[0]
        return self.origins.get(key, DEFAULT)

    def to_yaml(self, origin: bool = False) -> str:
        """The document as YAML, fit to be shown.

        Args:
            origin: Whether a comment at the end of each line says where the key was set.
        """
        lines = []
        for key, line in _lines(shown(self.document), ()):
            source = self.origin_of(dotted(key)) if origin and key else None
            lines.append(f"{line:<{_COLUMN}}  # {_on_one_line(source)}" if source else line)
        return "\n".join(lines) + "\n"


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
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=True,
        sort_keys=False,
        width=_WIDTH,
    )
    return str(text).removesuffix("\n").removesuffix("\n...")


class _Dumper(yaml.SafeDumper):
    """Keeps every text on one line: what can't be printed is escaped."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """A text, quoted where it has line breaks or worse."""
        style = None if text.isprintable() else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_text)
