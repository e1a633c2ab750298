"""Mini-batches: the files of one scoring call, and how a stream of files is split into them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from framework.domain.files import InputFile


class MiniBatch(NamedTuple):
    """The files of one scoring call.

    Attributes:
        index: Place in the plan, from 0. The same job always has the same plan.
        files: In input order; never empty.
    """

    index: int
    files: tuple[InputFile, ...]

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(file.size for file in self.files)


def plan_mini_batches(
    files: Iterable[InputFile], *, max_files: int, max_bytes: int | None = None
) -> Iterator[MiniBatch]:
    """Splits a stream of files into mini-batches, in order, holding one mini-batch at a time.

    A mini-batch is closed when it has `max_files` files, or when the next file would take it
    above `max_bytes`. A file larger than `max_bytes` is a mini-batch of its own.
    """
    index = 0
    batch: list[InputFile] = []
    size = 0
    for file in files:
        is_full = len(batch) >= max_files
        is_heavy = max_bytes is not None and batch and size + file.size > max_bytes
        if is_full or is_heavy:
            yield MiniBatch(index, tuple(batch))
            index += 1
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield MiniBatch(index, tuple(batch))
