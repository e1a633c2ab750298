"""What a script writes to `AZUREML_BI_OUTPUT_PATH`, kept apart by mini-batch."""

from __future__ import annotations

import os
import shutil
from typing import List


class UnpublishableError(Exception):
    """The script wrote what can't lie beside the job's output."""


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
        if self._is_empty():
            return []
        names = sorted(self._files())
        for name in names:
            self._check(name)
        # Links first: what they lead to may be among the files that move.
        for name in sorted(names, key=lambda name: not os.path.islink(self._path(name))):
            self._set_aside(name, key)
        self._before = set()
        return names

    def _is_empty(self) -> bool:
        """One call of the system for nearly every mini-batch: scripts rarely write anything."""
        try:
            return not os.listdir(self._folder)
        except FileNotFoundError:  # the script may have removed it
            self._make()
            return True

    def _check(self, name: str) -> None:
        if name.split(os.sep, 1)[0] == self._reserved:
            raise UnpublishableError(
                "the script wrote {0} to AZUREML_BI_OUTPUT_PATH, where {1} is the name of the "
                "job's output file".format(name, self._reserved)
            )
        if not os.path.isfile(self._path(name)):
            raise UnpublishableError(
                "the script left {0} in AZUREML_BI_OUTPUT_PATH, which is neither a file nor a link "
                "to one".format(name)
            )

    def _set_aside(self, name: str, key: str) -> None:
        source, target = self._path(name), os.path.join(self._aside, key, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.islink(source):
            shutil.copyfile(source, target)
            os.unlink(source)
        else:
            os.rename(source, target)

    def discard(self) -> None:
        """Throws away what a failed call has written."""
        self._make()
        for name in set(self._files()) - self._before:
            os.unlink(self._path(name))

    def _make(self) -> None:
        os.makedirs(self._folder, exist_ok=True)

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)

    def _files(self) -> List[str]:
        found = []
        for folder, folders, names in os.walk(self._folder):
            relative = os.path.relpath(folder, self._folder)
            names += [name for name in folders if os.path.islink(os.path.join(folder, name))]
            found += [os.path.normpath(os.path.join(relative, name)) for name in names]
        return found
