"""Rows of delimited text: counted, read and written as streams.

The dialect is csv's (RFC 4180) with line feeds: a cell that holds a quote, the separator or a line
end stands in quotes, and its quotes are doubled.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from typing import BinaryIO

_LINE_END = "\r\n"
_BUFFERED_CHARS = 1 << 16
_NEITHER_QUOTE_NOR_LINE_FEED = bytes(set(range(256)) - set(b'"\n'))


class RowCounter:
    """Counts rows in pieces of bytes that may end anywhere, quoted line feeds left out."""

    def __init__(self) -> None:
        self.rows = 0
        self._quoted = False

    def add(self, piece: bytes) -> None:
        """Counts the rows that end in this piece."""
        if b'"' not in piece:
            self.rows += 0 if self._quoted else piece.count(b"\n")
            return
        marks = piece.translate(None, _NEITHER_QUOTE_NOR_LINE_FEED)
        # Neighbours open and close with no line feed between: most of the quotes go at once.
        sections = marks.replace(b'""', b"").split(b'"')
        self.rows += sum(section.count(b"\n") for section in sections[self._quoted :: 2])
        self._quoted ^= len(sections) % 2 == 0


def read_rows(pieces: Iterable[bytes], separator: str) -> Iterator[list[str]]:
    """The rows of delimited text, holding one of them at a time, whatever its cells hold."""
    # The limit is the process's own; it is only ever raised, so that threads don't disagree.
    if csv.field_size_limit() < sys.maxsize:
        csv.field_size_limit(sys.maxsize)
    stream = io.BufferedReader(PieceReader(pieces))
    with io.TextIOWrapper(stream, encoding="utf-8", newline="") as lines:
        yield from csv.reader(lines, delimiter=separator)


class RowWriter:
    """Writes rows of delimited text, many at once.

    Args:
        target: Where the bytes go.
        separator: One character between two cells.
    """

    def __init__(self, target: BinaryIO, separator: str) -> None:
        self._target = target
        self._buffer: list[str] = []
        self._chars = 0
        # Before Python 3.13, a writer quotes only the characters of its own line end: without the
        # carriage return there, one in a cell would read as the end of the row.
        self._writer = csv.writer(self, delimiter=separator, lineterminator=_LINE_END)

    def add(self, cells: Iterable[str]) -> None:
        """Writes one row."""
        self._writer.writerow(cells)

    def write(self, line: str) -> None:
        """Takes a whole line from the `csv.writer`."""
        self._buffer += (line[: -len(_LINE_END)], "\n")
        self._chars += len(line)
        if self._chars >= _BUFFERED_CHARS:
            self.flush()

    def flush(self) -> None:
        """Hands what was written to the target."""
        self._target.write("".join(self._buffer).encode("utf-8", "backslashreplace"))
        self._buffer.clear()
        self._chars = 0


class PieceReader(io.RawIOBase):
    """Pieces of bytes, read as one file."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        super().__init__()
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fills the buffer from at most one piece; 0 at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
