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
        data: Its bytes, in pieces of bounded size that may end anywhere.
    """

    columns: tuple[Column, ...]
    data: Iterator[bytes]

    def copy_to(self, target: BinaryIO) -> Iterator[bytes]:
        """Writes the block as it is, and passes its bytes on to who counts the rows in them.

        For formats whose output has the very bytes of blocks: where the store can, it copies them
        within itself. The block is written once the last of them has passed.
        """
        for piece in self.data:
            target.write(piece)
            yield piece


class Encoded(NamedTuple):
    """Rows as a format encodes them.

    Attributes:
        data: The block's bytes.
        columns: Its columns.
    """

    data: bytes
    columns: tuple[Column, ...]


class OutputFormat(ABC):
    r"""Encodes the rows of mini-batches, and joins the encoded blocks into one output.

    A subclass has `join`, and either `encode` or a `child_encoding` of its own.

    Args:
        header: Whether a table of text begins with its columns' names.
        separator: Between the columns of a table of text; the format's own where `None`.

    Example:
        class Lines(OutputFormat):
            suffixes = (".txt",)

            def encode(self, columns, rows):
                text = "".join(f"{row[-1]}\n" for row in rows)
                return Encoded(text.encode(), tuple((name, "") for name in columns))

            def join(self, columns, blocks, target):
                for block in blocks:
                    yield sum(piece.count(b"\n") for piece in block.copy_to(target))
    """

    suffixes: ClassVar[tuple[str, ...]] = ()
    """Endings of file names that pick this format."""

    joins_blocks: ClassVar[bool] = False
    """Whether neighbouring blocks with the same columns may come to `join` as one: it is faster
    where a block is nothing but its rows."""

    def __init__(self, *, header: bool = True, separator: str | None = None) -> None:
        self.header = header
        self.separator = separator

    @property
    def child_encoding(self) -> dict[str, Any]:
        """How scorer processes encode by themselves; `{"kind": "columns"}` where they can't.

        Built-in kinds are `delimited`, `jsonl`, `azureml` and `arrow`. With `columns`, the scorer
        process sends plain columns, and `encode` is called on the instance. A scorer process
        whose interpreter has no pyarrow answers `arrow` with `columns`.
        """
        return {"kind": "columns"}

    def encode(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Encoded:
        """Encodes one mini-batch's rows of plain Python values.

        Called on the instance, only where a scorer process sent columns
        (`framework.outputs.columns.decode_columns` reads them).
        """
        raise NotImplementedError(f"{type(self).__name__} has neither encode nor child_encoding")

    @abstractmethod
    def join(
        self, columns: Sequence[Column], blocks: Iterable[Block], target: BinaryIO
    ) -> Iterator[int]:
        """Writes the output: all blocks, in input order, in constant memory.

        The output is whole only when the iterator is exhausted.

        Args:
            columns: The union of all blocks' columns (`framework.outputs.columns.unite`).
            blocks: To be read once, in order, each before the next is taken.
            target: Where the output's bytes go; only its `write` is used.

        Yields:
            After each block, the number of rows that it added to the output, for the accounting.
        """

    def promote(self, left: str, right: str) -> str:
        """The type that can hold values of both types; only for formats with types."""
        return left or right
