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

    index: int  # type: ignore[assignment]  # a field, not the method of tuples
    files: tuple[InputFile, ...]

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(file.size for file in self.files)


class MiniBatchPlanner:
    """Groups files into mini-batches as they come, holding one mini-batch at a time.

    A mini-batch is closed when it has `max_files` files, or when the next file would take it
    above `max_bytes`. A file larger than `max_bytes` is a mini-batch of its own.

    Args:
        max_files: Most files in a mini-batch.
        max_bytes: Bytes above which a mini-batch does not grow; `None` for no such limit.
    """

    def __init__(self, *, max_files: int, max_bytes: int | None = None) -> None:
        self._max_files = max_files
        self._max_bytes = max_bytes
        self._next_index = 0
        self._files: list[InputFile] = []
        self._bytes = 0

    def add(self, file: InputFile) -> MiniBatch | None:
        """Takes the next file; returns the mini-batch that is closed by it, if one is."""
        closed = self.close() if self._is_full_for(file) else None
        self._files.append(file)
        self._bytes += file.size
        return closed

    def close(self) -> MiniBatch | None:
        """Ends the mini-batch being gathered; `None` if it has no file."""
        if not self._files:
            return None
        closed = MiniBatch(self._next_index, tuple(self._files))
        self._next_index += 1
        self._files, self._bytes = [], 0
        return closed

    def _is_full_for(self, file: InputFile) -> bool:
        if len(self._files) >= self._max_files:
            return True
        return self._max_bytes is not None and self._bytes + file.size > self._max_bytes


def plan_mini_batches(
    files: Iterable[InputFile], *, max_files: int, max_bytes: int | None = None
) -> Iterator[MiniBatch]:
    """Splits a stream of files into mini-batches, in order; see `MiniBatchPlanner`."""
    planner = MiniBatchPlanner(max_files=max_files, max_bytes=max_bytes)
    for file in files:
        if (closed := planner.add(file)) is not None:
            yield closed
    if (last := planner.close()) is not None:
        yield last
