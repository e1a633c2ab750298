"""The folders that scorer processes work in: model, code, logs, one private folder each."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

from framework.scoring.launch import Room
from framework.scoring.scratch import Scratch, memory_folder


class Workroom:
    """What the scorer processes of one pool share on an instance.

    Args:
        label: What log files begin with, so that those of two instances differ.
        logs: Where the processes' log files go; scratch where absent.

    Attributes:
        logs: Where they go.
    """

    def __init__(self, label: str, logs: Path | None = None) -> None:
        self._owned = Scratch()
        self._scratch = self._owned.path
        self.logs = logs or self._scratch / "logs"
        if logs is None:
            self.logs.mkdir()
        self._in_memory: Scratch | None = None
        self._label = label
        self._model_dir: Path | None = None
        self._code: Path | None = None

    @property
    def scratch(self) -> Path:
        """The pool's folder on a local disk."""
        return self._scratch

    def quick_scratch(self) -> Path | None:
        """A folder of the pool's in memory, for what is small; `None` where there is none."""
        above = memory_folder()
        if self._in_memory is None and above is not None:
            self._in_memory = Scratch(above)
        return None if self._in_memory is None else self._in_memory.path

    def bring_model(self, model: Path) -> None:
        """Makes the folder that contains the model under its own name.

        Folders are real and files are links, so that a script that walks the folder finds them
        all, and one that writes there changes nothing of the original.
        """
        self._model_dir = self._scratch / "model"
        self._model_dir.mkdir(parents=True)
        target = self._model_dir / model.name
        if model.is_dir():
            shutil.copytree(model, target, copy_function=_link)
        else:
            _link(str(model), str(target))

    def bring_code(self, archive: Path) -> None:
        """Unpacks the job's snapshot of the code: processes start in it."""
        self._code = self._scratch / "code"
        with zipfile.ZipFile(archive) as snapshot:
            snapshot.extractall(self._code)

    def room(self, number: int) -> Room:
        """The folders of the pool's process `number`; restarts of it go to the same log."""
        folder = self._scratch / f"process-{number}-{os.urandom(4).hex()}"
        folder.mkdir(parents=True)
        return Room(
            folder=folder,
            cwd=self._code or folder,
            log=self.logs / f"{self._label}-{number}.log",
            model_dir=self._model_dir,
        )

    def close(self) -> None:
        """Removes everything but logs that lie elsewhere."""
        self._owned.close()
        if self._in_memory is not None:
            self._in_memory.close()


def _link(source: str, target: str) -> None:
    os.symlink(os.path.abspath(source), target)
