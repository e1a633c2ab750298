"""Results as tables for people."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from framework.cli.streams import visible

_UNBOUNDED = 10_000


def draw(value: Any) -> str:
    """Any result: a list of mappings with a column for each key, a mapping a key a line."""
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        keys = dict.fromkeys(key for item in value for key in item)
        # A column without a value, such as the errors of plugins of which none is broken.
        columns = [key for key in keys if any(_text(item.get(key)) for item in value)]
        rows = [[_text(item.get(key)) for key in columns] for item in value]
        return rendered(table(columns, rows))
    if isinstance(value, Mapping):
        return rendered(_pairs(value))
    items = value if isinstance(value, list) else [value]
    return "".join(f"{_text(item)}\n" for item in items)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table that folds what is too long rather than cut it."""
    drawn = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:  # a name is to be copied whole
        drawn.add_column(Text(visible(column)), overflow="fold", no_wrap=column == "name")
    for row in rows:
        drawn.add_row(*(Text(visible(cell)) for cell in row))
    return drawn


def rendered(drawn: Table) -> str:
    """A table as text: as wide as the terminal, and never folded where there is none."""
    is_terminal = sys.stdout.isatty()
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        force_terminal=is_terminal,
        width=None if is_terminal else _UNBOUNDED,
        highlight=False,
    )
    console.print(drawn)
    lines = buffer.getvalue().splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines if line.strip())


def _pairs(value: Mapping[str, Any]) -> Table:
    drawn = Table.grid(padding=(0, 2))
    drawn.add_column(style="bold", no_wrap=True)
    drawn.add_column(overflow="fold")
    for key, item in value.items():
        drawn.add_row(Text(visible(key)), Text(visible(_text(item))))
    return drawn


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items())
    if isinstance(value, list):
        is_flat = not any(isinstance(item, Mapping | list) for item in value)
        return ", ".join(map(_text, value)) if is_flat else json.dumps(value, default=str)
    return str(value)
