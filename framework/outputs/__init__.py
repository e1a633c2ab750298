"""Output formats: how rows are encoded, and how blocks of them become one output."""

from __future__ import annotations

from framework.outputs.choice import choose_format
from framework.outputs.columns import decode_columns, unite
from framework.outputs.contract import Block, Column, Encoded, OutputFormat

__all__ = [
    "Block",
    "Column",
    "Encoded",
    "OutputFormat",
    "choose_format",
    "decode_columns",
    "unite",
]
