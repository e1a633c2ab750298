"""How much of what is fetched may lie in memory."""

from __future__ import annotations

import shutil
from pathlib import Path

_MOST_BYTES = 64 << 20


class QuickRoom:
    """A folder in memory: little of what is free there is taken, and never much.

    Args:
        folder: The folder.

    Attributes:
        folder: Where inputs go, in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "inputs"
        self._free = min(_MOST_BYTES, shutil.disk_usage(folder).free // 4)

    def take(self, size: int) -> bool:
        """Takes room, if there is so much."""
        if size > self._free or shutil.disk_usage(self.folder.parent).free < 4 * size:
            return False
        self._free -= size
        return True

    def give_back(self, size: int) -> None:
        """Gives back what was taken."""
        self._free += size
