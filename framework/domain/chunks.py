"""Chunks: runs of mini-batches that travel as one task, and how large the next one should be.

Scheduling a Dask task costs milliseconds, and scoring ten small files costs about as much. So a
task carries a chunk: about a second of an instance's work, measured as the job goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from framework.domain.files import InputFile
from framework.domain.mini_batches import MiniBatch

TARGET_S = 1.0
BUDGET_S = 2.0
MAX_MINI_BATCHES = 5_000
MAX_FILES = 20_000
_GROWTH = 4
_WEIGHT_OF_NEWEST = 0.5

_new_file = partial(tuple.__new__, InputFile)
"""Makes an `InputFile` of three values, twice as fast as calling it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Mini-batches in the plan's order, stored by column: it pickles ten times faster so.

    Attributes:
        indices: The mini-batches' indices, ascending.
        lengths: How many files each has.
        paths: All files' paths, one mini-batch after the other.
        sizes: Their sizes in bytes.
        etags: Their etags.
    """

    indices: tuple[int, ...]
    lengths: tuple[int, ...]
    paths: tuple[str, ...]
    sizes: tuple[int, ...]
    etags: tuple[str, ...]

    @classmethod
    def of(cls, batches: Sequence[MiniBatch]) -> Chunk:
        """The chunk that holds these mini-batches."""
        files = [file for batch in batches for file in batch.files]
        return cls(
            indices=tuple(batch.index for batch in batches),
            lengths=tuple(len(batch.files) for batch in batches),
            paths=tuple(file.path for file in files),
            sizes=tuple(file.size for file in files),
            etags=tuple(file.etag for file in files),
        )

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[MiniBatch]:
        files = map(_new_file, zip(self.paths, self.sizes, self.etags, strict=True))
        for index, length in zip(self.indices, self.lengths, strict=True):
            yield MiniBatch(index, tuple(islice(files, length)))

    @property
    def label(self) -> str:
        """The range of indices, as it is read on the dashboard and in part names."""
        return f"{self.indices[0]:09d}-{self.indices[-1]:09d}"


class ChunkSizer:
    """Decides how many mini-batches the next chunk has, from the durations measured so far.

    Args:
        processes: Scorer processes on an instance.
        instances: Instances that share the work.
    """

    def __init__(self, *, processes: int, instances: int) -> None:
        self._processes = processes
        self._instances = instances
        self._largest = processes
        self._seconds: float | None = None

    def share(self, instances: int) -> None:
        """Notes how many instances share the work by now."""
        self._instances = instances

    @property
    def seconds_per_mini_batch(self) -> float | None:
        """The running mean of the duration of one scoring call, in seconds."""
        return self._seconds

    def observe(self, durations: Sequence[float]) -> None:
        """Learns from the durations, in seconds, of one chunk's scoring calls."""
        if not durations:
            return
        mean = sum(durations) / len(durations)
        old = mean if self._seconds is None else self._seconds
        self._seconds = old + _WEIGHT_OF_NEWEST * (mean - old)
        self._largest = min(MAX_MINI_BATCHES, max(self._largest, len(durations)) * _GROWTH)

    def size(self, remaining: int | None) -> int:
        """Mini-batches for the next chunk.

        Args:
            remaining: Mini-batches not yet dispatched, or `None` while the listing goes on. Near
                the end chunks shrink, so that all instances end together.
        """
        if self._seconds is None:
            return self._processes
        fits = int(TARGET_S * self._processes / max(self._seconds, 1e-6))
        size = min(fits, self._largest)
        if remaining is not None:
            size = min(size, remaining // (2 * self._instances))
        return max(1, size)

    def wants_more(self, *, chunks: int, mini_batches: int) -> bool:
        """Whether an instance with this much in flight should get another chunk.

        Every process gets a mini-batch; beyond that, a second chunk waits so that no process idles
        while the first one's receipt travels, unless the first is long enough by itself.
        """
        if mini_batches < self._processes:
            return True
        if chunks >= 2:
            return False
        seconds = mini_batches * (self._seconds or 0.0) / self._processes
        return seconds < 1.5 * TARGET_S
