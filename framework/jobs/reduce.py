"""Reducing: the parts become one output, in input order, in constant memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import RawIOBase
from typing import Any, BinaryIO, cast

from framework.domain.outcomes import Receipt
from framework.errors import AccountingError
from framework.jobs.extents import Extent, extents
from framework.jobs.ledger import Intent, read_receipts
from framework.jobs.record import open_record
from framework.outputs import Block, Column, OutputFormat, unite
from framework.storage import NO_OPTIONS, Options, Store, open_store
from framework.storage.checksums import sha256_of
from framework.storage.sorting import SortedRuns

_PIECE = 1 << 20
_EXTENTS_IN_MEMORY = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """What to reduce, and where to. It travels to the instance that does it.

    Attributes:
        workspace: The workspace's URL.
        job: The job's name.
        folder: The URL of the output's folder.
        file_name: The output's name in it.
        output_format: How it is written.
        token: Makes the staged file's name unique.
    """

    workspace: str
    job: str
    folder: str
    file_name: str
    output_format: OutputFormat
    token: str


def reduce_parts(reduction: Reduction, options: Options = NO_OPTIONS) -> Intent:
    """Stages the output beside its final name; what comes back is what can be committed.

    Args:
        reduction: What to reduce, and where to.
        options: By URL, what fsspec needs to open workspace and output.

    Raises:
        AccountingError: A part is not what the ledger says, or rows are missing.
    """
    record = open_record(open_store(reduction.workspace, options), reduction.job, options)
    target = open_store(reduction.folder, options)
    parts = _Parts(record.staging)
    ordered = SortedRuns(
        extents(parts.note(read_receipts(record)), join=reduction.output_format.joins_blocks),
        _by_input_order,
        _EXTENTS_IN_MEMORY,
    )
    columns = unite(_column_sets(ordered), reduction.output_format.promote)
    with target.stage(reduction.file_name, reduction.token) as staged:
        output = _HashingWriter(staged.stream)
        rows = _join(reduction.output_format, columns, ordered, parts, cast(BinaryIO, output))
    return Intent(
        final=f"{target.url.rstrip('/')}/{reduction.file_name}",
        identity=target.identity(staged.path),
        sha256=output.sha256,
        size=output.size,
        rows=rows,
        staged=staged.path,
    )


def _by_input_order(extent: Extent) -> int:
    return extent.first  # of one mini-batch they come in order, and sorting keeps that


def _column_sets(ordered: SortedRuns[Extent]) -> Iterator[tuple[Column, ...]]:
    """The different column lists, in first-seen input order."""
    seen: set[tuple[Column, ...]] = set()
    for extent in ordered:
        if extent.columns not in seen:
            seen.add(extent.columns)
            yield extent.columns


def _join(
    output_format: OutputFormat,
    columns: tuple[Column, ...],
    ordered: SortedRuns[Extent],
    parts: _Parts,
    output: BinaryIO,
) -> int:
    blocks = (Block(extent.columns, parts.pieces(extent)) for extent in ordered)
    total = 0
    counted = output_format.join(columns, blocks, output)
    for extent, rows in zip(ordered, counted, strict=True):
        if rows != extent.rows:
            raise AccountingError(
                f"part {extent.part}: {rows} rows were read from mini-batch {extent.first} on, "
                f"but the ledger says {extent.rows}"
            )
        total += rows
    return total


class _Parts:
    """Reads parts, and checks each one's checksum before its first use."""

    def __init__(self, staging: Store) -> None:
        self._store = staging
        self._unchecked: dict[str, str] = {}

    def note(self, receipts: Iterable[Receipt]) -> Iterator[Receipt]:
        """Passes receipts on, and keeps the checksums of their parts."""
        for receipt in receipts:
            if receipt.part is not None:
                self._unchecked[receipt.part.name] = receipt.part.sha256
            yield receipt

    def pieces(self, extent: Extent) -> Iterator[bytes]:
        """An extent's bytes, a mebibyte at a time."""
        with self._open(extent.part) as file:
            self._check(extent.part, file)
            file.seek(extent.offset)
            remaining = extent.length
            while remaining and (piece := file.read(min(_PIECE, remaining))):
                remaining -= len(piece)
                yield piece
        if remaining:
            raise AccountingError(f"part {extent.part} is shorter than the ledger says")

    def _open(self, part: str) -> AbstractContextManager[BinaryIO]:
        try:
            return self._store.open_read(part)
        except FileNotFoundError:
            raise AccountingError(f"part {part} is gone from {self._store.url}") from None

    def _check(self, part: str, file: BinaryIO) -> None:
        expected = self._unchecked.pop(part, None)
        if expected is None:
            return
        if sha256_of(file) != expected:
            raise AccountingError(f"part {part}: its checksum is not the ledger's")


class _HashingWriter(RawIOBase):
    """Passes bytes on, and knows their number and checksum."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """Of everything that was written, in hex."""
        return self._hash.hexdigest()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._hash.update(data)
        self._stream.write(data)
        self.size += len(data)
        return len(data)

    def tell(self) -> int:
        return self.size
