"""Reducing: the parts become one output, in input order, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO, cast

from framework.errors import AccountingError
from framework.jobs.extents import Extent, extents
from framework.jobs.joining import JoinedOutput, Parts
from framework.jobs.ledger import Intent, read_receipts
from framework.jobs.record import open_record
from framework.outputs import Block, Column, OutputFormat, unite
from framework.storage import NO_OPTIONS, Options, open_store
from framework.storage.sorting import SortedRuns

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
    parts = Parts(record.staging)
    ordered = SortedRuns(
        extents(parts.note(read_receipts(record)), join=reduction.output_format.joins_blocks),
        _by_input_order,
        _EXTENTS_IN_MEMORY,
    )
    columns = unite(_column_sets(ordered), reduction.output_format.promote)
    with target.stage(reduction.file_name, reduction.token) as staged:
        output = JoinedOutput(staged)
        with closing(parts.blocks(ordered)) as blocks:
            rows = _join(reduction.output_format, columns, ordered, blocks, output)
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
    blocks: Iterator[Block],
    output: JoinedOutput,
) -> int:
    total = 0
    counted = output_format.join(columns, blocks, cast(BinaryIO, output))
    for extent, rows in zip(ordered, counted, strict=True):
        if rows != extent.rows:
            raise AccountingError(
                f"part {extent.part}: {rows} rows were read from mini-batch {extent.first} on, "
                f"but the ledger says {extent.rows}"
            )
        total += rows
    return total
