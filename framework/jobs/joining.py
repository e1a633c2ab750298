"""Parts, read ahead in the output's order and checked, and the output that they are joined into.

Every byte is read once: the manifest names the output's SHA-256, and rows are counted. What is
joined as it is need not be sent for that: the store may copy it within itself.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from io import RawIOBase
from itertools import groupby
from typing import Any, BinaryIO, NamedTuple

from framework.domain.outcomes import Receipt
from framework.errors import AccountingError
from framework.jobs.extents import Extent
from framework.outputs import Block
from framework.storage import FileRange, StagedFile, Store
from framework.storage.checksums import sha256_of
from framework.storage.read_ahead import read_ahead

_PIECE = 4 << 20


class JoinedOutput(RawIOBase):
    """Passes bytes on to a staged file, and knows their number and checksum.

    Args:
        staged: Where they go.
    """

    def __init__(self, staged: StagedFile) -> None:
        self._staged = staged
        self._hash = sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """Of everything that was written, in hex."""
        return self._hash.hexdigest()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Takes bytes."""
        self._note(data)
        self._staged.stream.write(data)
        return len(data)

    def append(self, origin: FileRange, data: Iterable[bytes]) -> Iterator[bytes]:
        """Takes a range of a part, which passes by."""
        for piece in self._staged.append(origin, data):
            self._note(piece)
            yield piece

    def tell(self) -> int:
        """How much was written."""
        return self.size

    def _note(self, data: Any) -> None:
        self._hash.update(data)
        self.size += len(data)


class Parts:
    """Reads parts, and checks each one's checksum.

    Args:
        staging: Where they are.
    """

    def __init__(self, staging: Store) -> None:
        self._store = staging
        self._unchecked: dict[str, tuple[int, str]] = {}

    def note(self, receipts: Iterable[Receipt]) -> Iterator[Receipt]:
        """Passes receipts on, and keeps the sizes and checksums of their parts."""
        for receipt in receipts:
            if receipt.part is not None:
                self._unchecked[receipt.part.name] = receipt.part.size, receipt.part.sha256
            yield receipt

    def blocks(self, ordered: Iterable[Extent]) -> Generator[Block, None, None]:
        """The blocks of extents, to be used one after the other."""
        pieces = (piece for place, each in enumerate(ordered) for piece in _pieces(place, each))
        with closing(read_ahead(self._read, pieces)) as read:
            # Not by the extents alone: empty ones of one mini-batch may be equal.
            for (_, extent), found in groupby(read, key=lambda each: each[0][:2]):
                yield PartBlock(extent.columns, PartRows(self, extent, (data for _, data in found)))

    def range_of(self, extent: Extent) -> FileRange:
        """Where an extent lies."""
        is_whole = (extent.offset, extent.length) == (0, self._unchecked.get(extent.part, (-1,))[0])
        return FileRange(self._store, extent.part, extent.offset, extent.length, is_whole)

    def expected(self, part: str) -> str:
        """A part's checksum, as the ledger has it; empty where it was asked for before."""
        return self._unchecked.pop(part, (0, ""))[1]

    def check(self, part: str) -> None:
        """Reads a part to compare its checksum, once.

        Raises:
            AccountingError: It has another, or is gone.
        """
        expected = self.expected(part)
        if not expected:
            return
        try:
            with self._store.open_read(part) as file:
                found = sha256_of(file)
        except FileNotFoundError:
            raise self._gone(part) from None
        _compare(part, found, expected)

    def _read(self, piece: _Piece) -> bytes:
        if not piece.length:
            return b""
        try:
            return self._store.read(piece.extent.part, start=piece.start, length=piece.length)
        except FileNotFoundError:
            raise self._gone(piece.extent.part) from None

    def _gone(self, part: str) -> AccountingError:
        return AccountingError(f"part {part} is gone from {self._store.url}")


class PartRows(Iterator[bytes]):
    """An extent's bytes, a few mebibytes at a time; of a part that was checked before.

    Args:
        parts: The parts.
        extent: The extent.
        pieces: Its bytes.
    """

    def __init__(self, parts: Parts, extent: Extent, pieces: Iterator[bytes]) -> None:
        self._parts = parts
        self._extent = extent
        self._pieces = pieces
        self._checked = self._after_check()
        self.origin = parts.range_of(extent)

    def __next__(self) -> bytes:
        return next(self._checked)

    def checked_on_the_way(self) -> Iterator[bytes]:
        """The bytes, for who does not interpret them: a wrong part is told after the last of them.

        So a part that is joined as a whole is read once.
        """
        if not self.origin.is_whole:
            yield from self
            return
        expected, digest = self._parts.expected(self._extent.part), sha256()
        for piece in self._pieces:
            digest.update(piece)
            yield piece
        _compare(self._extent.part, digest.hexdigest(), expected)

    def _after_check(self) -> Iterator[bytes]:
        self._parts.check(self._extent.part)
        remaining = self._extent.length
        for piece in self._pieces:
            remaining -= len(piece)
            yield piece
        if remaining:
            raise AccountingError(f"part {self._extent.part} is shorter than the ledger says")


class PartBlock(Block):
    """A block that lies in a part."""

    def copy_to(self, target: BinaryIO) -> Iterator[bytes]:
        """Appends the range of the part, where the target is an output that takes it."""
        if isinstance(target, JoinedOutput) and isinstance(self.data, PartRows):
            return target.append(self.data.origin, self.data.checked_on_the_way())
        return super().copy_to(target)


class _Piece(NamedTuple):
    place: int
    extent: Extent
    start: int
    length: int


def _pieces(place: int, extent: Extent) -> Iterator[_Piece]:
    """An extent in pieces of bounded size; one that is empty is one piece."""
    end = extent.offset + extent.length
    for start in range(extent.offset, end, _PIECE) if extent.length else [end]:
        yield _Piece(place, extent, start, min(_PIECE, end - start))


def _compare(part: str, found: str, expected: str) -> None:
    """Compares checksums.

    Raises:
        AccountingError: They differ.
    """
    if found != expected:
        raise AccountingError(f"part {part}: its checksum is not the ledger's")
