"""JSON lines: one object a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from framework.outputs.contract import Block, Column, OutputFormat


class JsonlFormat(OutputFormat):
    """One JSON object a row, with the columns as keys."""

    suffixes = (".jsonl", ".ndjson")
    joins_blocks = True

    @property
    def child_encoding(self) -> dict[str, Any]:
        """Scorer processes write the lines."""
        return {"kind": "jsonl"}

    def join(
        self, columns: Sequence[Column], blocks: Iterable[Block], target: BinaryIO
    ) -> Iterator[int]:
        """Copies all blocks: each row says by itself what it has."""
        del columns
        for block in blocks:
            yield sum(piece.count(b"\n") for piece in block.copy_to(target))
