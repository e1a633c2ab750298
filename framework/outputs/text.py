"""Tables of text: csv, tsv, and Azure ML's own style."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, ClassVar

from framework.errors import ConfigurationError, Problem
from framework.outputs.contract import Block, Column, OutputFormat
from framework.outputs.rows import RowCounter, RowWriter, read_rows

_WRITTEN_AS_TWO = {r"\t": "\t"}
_SURROGATE = re.compile("[\ud800-\udfff]")


class DelimitedFormat(OutputFormat):
    """Rows of text with a separator between their cells; missing values are empty.

    Raises:
        ConfigurationError: The separator is not one character that can stand between cells.
    """

    joins_blocks = True
    default_separator: ClassVar[str] = ","

    def __init__(self, *, header: bool = True, separator: str | None = None) -> None:
        chosen = self.default_separator if separator is None else separator
        chosen = _WRITTEN_AS_TWO.get(chosen, chosen)
        _check_separator(chosen)
        super().__init__(header=header, separator=chosen)
        self._separator = chosen

    @property
    def child_encoding(self) -> dict[str, Any]:
        """Scorer processes write the rows, without a header."""
        return {"kind": "delimited", "separator": self._separator}

    def join(
        self, columns: Sequence[Column], blocks: Iterable[Block], target: BinaryIO
    ) -> Iterator[int]:
        """Copies blocks that have all columns in order; rewrites the rows of the others."""
        names = [name for name, _ in columns]
        if self.header and names:
            writer = RowWriter(target, self._separator)
            writer.add(names)
            writer.flush()
        for block in blocks:
            if [name for name, _ in block.columns] == names:
                yield copy_rows(block, target)
            else:
                yield self._rewrite(block, names, target)

    def _rewrite(self, block: Block, names: Sequence[str], target: BinaryIO) -> int:
        """Writes a block's rows with all columns; those that it lacks are empty."""
        place = {name: index for index, (name, _) in enumerate(block.columns)}
        absent = len(block.columns)
        order = [place.get(name, absent) for name in names]
        writer = RowWriter(target, self._separator)
        rows = 0
        for row in read_rows(block.data, self._separator):
            row.append("")
            writer.add([row[index] for index in order])
            rows += 1
        writer.flush()
        return rows


class CsvFormat(DelimitedFormat):
    """Comma-separated values."""

    suffixes = (".csv",)


class TsvFormat(DelimitedFormat):
    """Tab-separated values, quoted as csv is."""

    suffixes = (".tsv",)
    default_separator = "\t"


class AzureMLFormat(DelimitedFormat):
    """Azure ML's own bytes: what pandas' `to_csv` writes, with spaces and without a header."""

    default_separator = " "

    def __init__(self, *, header: bool = False, separator: str | None = None) -> None:
        super().__init__(header=False, separator=separator)
        del header  # Azure ML has none, whatever the default is elsewhere

    @property
    def child_encoding(self) -> dict[str, Any]:
        """Scorer processes ask pandas, as Azure ML does."""
        return {"kind": "azureml", "separator": self._separator}

    def join(
        self, columns: Sequence[Column], blocks: Iterable[Block], target: BinaryIO
    ) -> Iterator[int]:
        """Copies all blocks; without a header their columns need not agree."""
        del columns
        for block in blocks:
            yield copy_rows(block, target)


def copy_rows(block: Block, target: BinaryIO) -> int:
    """Copies a block of delimited rows, and counts them."""
    counter = RowCounter()
    for piece in block.copy_to(target):
        counter.add(piece)
    return counter.rows


def _check_separator(separator: str) -> None:
    if len(separator) == 1 and separator not in '"\r\n\0' and not _SURROGATE.match(separator):
        return
    raise ConfigurationError(
        Problem(
            key="output.separator",
            message=f"{separator!r} can't separate columns: it takes one character, such as ';'",
        )
    )
