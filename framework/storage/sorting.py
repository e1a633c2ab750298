"""Sorting more than memory holds: sorted runs are spilled to disk and merged."""

from __future__ import annotations

import heapq
import os
import pickle
import weakref
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import BinaryIO, Generic, TypeVar

from framework.errors import StorageError
from framework.storage.os_errors import explain

Item = TypeVar("Item")

RUN_SIZE = 50_000
_BLOCK_SIZE = 250


class SortedRuns(Generic[Item]):
    """Items in order, as often as they are asked for, of which memory holds one run at most.

    All runs lie in one temporary file without a name, so that neither open files nor a kill are
    a worry. Each run is read block by block.

    Args:
        items: What to sort; read at once, to the end.
        key: The order. Items that are equal by it keep the order they came in.
        run_size: How many items memory may hold.
    """

    def __init__(
        self, items: Iterable[Item], key: Callable[[Item], object], run_size: int = RUN_SIZE
    ) -> None:
        self._key = key
        self._length = 0
        self._runs: list[list[tuple[int, int]]] = []
        self._file: BinaryIO | None = None
        source = iter(items)
        self._newest = self._next_run(source, run_size)
        while len(self._newest) == run_size:
            following = self._next_run(source, run_size)
            if not following:
                break
            self._spill(self._newest)
            self._newest = following

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Item]:
        if not self._runs:
            return iter(self._newest)
        runs = [self._read(blocks) for blocks in self._runs]
        return heapq.merge(*runs, iter(self._newest), key=self._key)  # type: ignore[arg-type]

    def _next_run(self, source: Iterator[Item], run_size: int) -> list[Item]:
        run = list(islice(source, run_size))
        run.sort(key=self._key)  # type: ignore[arg-type]
        self._length += len(run)
        return run

    def _spill(self, run: list[Item]) -> None:
        import tempfile

        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="sorting-")  # noqa: SIM115
                weakref.finalize(self, self._file.close)
            blocks = []
            for start in range(0, len(run), _BLOCK_SIZE):
                data = pickle.dumps(run[start : start + _BLOCK_SIZE], pickle.HIGHEST_PROTOCOL)
                blocks.append((self._file.tell(), len(data)))
                self._file.write(data)
            self._file.flush()
        except OSError as error:
            message = explain(error, "sorting in the temporary folder", tempfile.gettempdir())
            raise StorageError(message) from error
        self._runs.append(blocks)

    def _read(self, blocks: list[tuple[int, int]]) -> Iterator[Item]:
        assert self._file is not None
        for offset, length in blocks:
            # Our own bytes, in a file without a name.
            yield from pickle.loads(os.pread(self._file.fileno(), length, offset))  # noqa: S301


def sorted_runs(
    items: Iterable[Item], key: Callable[[Item], object], run_size: int = RUN_SIZE
) -> SortedRuns[Item]:
    """Sorts any number of items in bounded memory.

    Args:
        items: What can be pickled; read at once, to the end.
        key: The order.
        run_size: How many items memory may hold.

    Returns:
        The items in order; it can be iterated over again.
    """
    return SortedRuns(items, key, run_size)
