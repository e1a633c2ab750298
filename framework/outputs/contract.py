"""What an output format is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, ClassVar, NamedTuple

Column = tuple[str, str]
"""A column's name, and its type where the format has types (else an empty string)."""


class Block(NamedTuple):
    """The encoded rows of one mini-batch, as they stand in a part.

    Attributes:
        columns: The block's columns.
        data: Its bytes, in pieces of bounded size.
    """

    columns: tuple[Column, ...]
    data: Iterator[bytes]


class Encoded(NamedTuple):
    """Rows as a format encodes them.

    Attributes:
        data: The block's bytes.
        columns: Its columns.
    """

    data: bytes
    columns: tuple[Column, ...]


class OutputFormat(ABC):
    """Encodes the rows of mini-batches, and joins the encoded blocks into one output.

    Args:
        header: Whether a table of text begins with its columns' names.
        separator: Between the columns of a table of text; the format's own where `None`.
    """

    suffixes: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, header: bool = True, separator: str | None = None) -> None:
        self.header = header
        self.separator = separator

    @property
    def child_encoding(self) -> dict[str, Any]:
        """How scorer processes encode by themselves; `{"kind": "columns"}` where they can't.

        Built-in kinds are `delimited`, `jsonl`, `azureml` and `arrow`. With `columns`, the scorer
        process sends plain columns, and `encode` is called on the instance.
        """
        return {"kind": "columns"}

    @abstractmethod
    def encode(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Encoded:
        """Encodes one mini-batch's rows of plain Python values."""

    @abstractmethod
    def join(
        self, columns: Sequence[Column], blocks: Iterable[Block], target: BinaryIO
    ) -> Iterator[int]:
        """Writes the output: all blocks, in input order, in constant memory.

        Args:
            columns: The union of all blocks' columns, in first-seen input order, types promoted
                by `promote`.
            blocks: To be read once, in order.
            target: Where the output's bytes go.

        Yields:
            After each block, the number of rows that it added to the output, for the accounting.
        """

    def promote(self, left: str, right: str) -> str:
        """The type that can hold values of both types; only for formats with types."""
        return left or right
