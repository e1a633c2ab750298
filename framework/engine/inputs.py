"""A pool's input files: local ones in place, remote ones fetched ahead of need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from framework.domain.mini_batches import MiniBatch
from framework.storage import open_store


class Inputs:
    """Where a pool's scorer processes find their files.

    Args:
        root: The URL that paths are relative to.
        scratch: Where remote files are kept while they are needed.
    """

    def __init__(self, root: str, scratch: Path) -> None:
        self._store = open_store(root)

    def expect(self, batches: Sequence[MiniBatch]) -> None:
        """Begins to fetch the files of mini-batches."""

    def local_paths(self, batch: MiniBatch) -> list[str]:
        """Where the files lie on this machine; waits for those being fetched."""
        return []

    def forget(self, batches: Iterable[MiniBatch]) -> None:
        """Frees the space of files that are not needed any more."""

    def close(self) -> None:
        """Stops fetching, and frees everything."""
