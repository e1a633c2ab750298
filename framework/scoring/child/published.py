"""What a script writes to `AZUREML_BI_OUTPUT_PATH`, kept apart by mini-batch."""

from __future__ import annotations

import os
from typing import List


class ReservedNameError(Exception):
    """The script wrote a file that has the name of the job's output file."""


class OutputFolder:
    """The folder that is private to this process, and the place its files are set aside in.

    Args:
        folder: What the script sees.
        aside: Where the files of finished mini-batches wait, a folder for each.
        reserved: The output file's name, which no script may take.
    """

    def __init__(self, folder: str, aside: str, reserved: str) -> None:
        self._folder = folder
        self._aside = aside
        self._reserved = reserved
        # What loading wrote is part of the first mini-batch that succeeds.
        self._before = set(self._files())

    def keep(self, key: str) -> List[str]:
        """Sets aside what is there after a successful call; returns the relative paths."""
        if not os.listdir(self._folder):
            return []
        names = sorted(self._files())
        if self._reserved in names:
            raise ReservedNameError(
                "the script wrote {0} to AZUREML_BI_OUTPUT_PATH, which is the name of the job's "
                "output file".format(self._reserved)
            )
        for name in names:
            target = os.path.join(self._aside, key, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.rename(os.path.join(self._folder, name), target)
        self._before = set()
        return names

    def discard(self) -> None:
        """Throws away what a failed call has written."""
        if not os.path.isdir(self._folder):
            os.makedirs(self._folder)
        for name in set(self._files()) - self._before:
            os.unlink(os.path.join(self._folder, name))

    def _files(self) -> List[str]:
        found = []
        for folder, _, names in os.walk(self._folder):
            relative = os.path.relpath(folder, self._folder)
            found += [os.path.normpath(os.path.join(relative, name)) for name in names]
        return found
