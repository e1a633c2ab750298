"""Which pieces of which parts make up the output, in input order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from framework.domain.outcomes import Outcome, Part, Receipt
from framework.jobs.ledger import DoneSet
from framework.outputs.contract import Column


class Extent(NamedTuple):
    """Neighbouring blocks of a part: of consecutive mini-batches, and with the same columns.

    A mini-batch that was scored in several calls may have several extents, in one part.

    Attributes:
        first: The first mini-batch's index.
        part: The part that it is in.
        offset: Where it begins there, in bytes.
        length: In bytes.
        rows: Rows in it.
        columns: Their columns.
    """

    first: int
    part: str
    offset: int
    length: int
    rows: int
    columns: tuple[Column, ...]


def extents(receipts: Iterable[Receipt], *, join: bool) -> Iterator[Extent]:
    """The pieces that count: of every mini-batch its first outcome, in the ledger's order.

    Args:
        receipts: The ledger's, in its order.
        join: Whether neighbours may become one extent; else each mini-batch has its own.
    """
    done = DoneSet()
    for receipt in receipts:
        fresh = [done.add(outcome.index) for outcome in receipt.outcomes]
        if receipt.part is not None:
            yield from _of_part(receipt.part, receipt.outcomes, fresh, join)


def _of_part(
    part: Part, outcomes: tuple[Outcome, ...], fresh: list[bool], join: bool
) -> Iterator[Extent]:
    open_extent: Extent | None = None
    next_index = offset = 0
    for outcome, is_fresh in zip(outcomes, fresh, strict=True):
        blocks = _blocks(part, outcome, offset) if is_fresh and outcome.columns >= 0 else []
        offset += outcome.length
        if len(blocks) > 1:
            yield from ([open_extent] if open_extent else [])
            yield from blocks
            open_extent = None
            continue
        block = blocks[0] if blocks else None
        is_next = join and outcome.index == next_index
        joined = _joined(open_extent, block) if is_next else None
        if joined is None and open_extent is not None:
            yield open_extent
        open_extent = joined or block
        next_index = outcome.index + 1
    if open_extent is not None:
        yield open_extent


def _blocks(part: Part, outcome: Outcome, offset: int) -> list[Extent]:
    assembled = outcome.assembled.blocks if outcome.assembled else ()
    if not assembled:
        columns = part.column_sets[outcome.columns]
        return [Extent(outcome.index, part.name, offset, outcome.length, outcome.rows, columns)]
    found = []
    for length, rows, place in assembled:
        columns = part.column_sets[place]
        found.append(Extent(outcome.index, part.name, offset, length, rows, columns))
        offset += length
    return found


def _joined(left: Extent | None, right: Extent | None) -> Extent | None:
    if left is None or right is None or left.columns != right.columns:
        return None
    return left._replace(length=left.length + right.length, rows=left.rows + right.rows)
