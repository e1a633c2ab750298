"""Real pools with tiny scripts, on local disk."""

from __future__ import annotations

import textwrap
import zipfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from framework.domain.files import InputFile
from framework.domain.mini_batches import MiniBatch
from framework.engine.work import PoolSpec
from framework.outputs.text import CsvFormat
from framework.scoring.launch import Launch

PATIENCE_S = 60.0


class Site:
    """The folders of a job, and specs of pools for it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "data"
        self.staging = root / "staging"
        self.logs = root / "logs"
        for folder in (self.data, self.staging, self.logs):
            folder.mkdir()
        self._codes = 0

    def code(self, script: str) -> str:
        """The archive of a script's code."""
        self._codes += 1
        archive = self.root / f"code-{self._codes}.zip"
        with zipfile.ZipFile(archive, "w") as snapshot:
            snapshot.writestr("score.py", textwrap.dedent(script))
        return str(archive)

    def spec(self, script: str, *, processes: int = 1, key: str = "job-1", **options) -> PoolSpec:
        output_format = CsvFormat()
        of_pool = {each.name for each in fields(PoolSpec)}
        rest = {name: options.pop(name) for name in of_pool & set(options)}
        launch = Launch(
            **{
                "factory": "framework.scoring.child.script:ScriptScorer",
                "params": {"scoring_script": "score.py"},
                "code": self.code(script),
                "encoding": output_format.child_encoding,
                "reserved": "predictions.csv",
                "timeout_s": PATIENCE_S,
                "init_timeout_s": PATIENCE_S,
                "threads": 1,
                **options,
            }
        )
        return PoolSpec(
            **{
                "key": key,
                "launch": launch,
                "processes": processes,
                "input_root": str(self.data),
                "staging": str(self.staging),
                "logs": str(self.logs),
                "max_tries": 3,
                "output_format": output_format,
                **rest,
            }
        )

    def batch(self, index: int, *names: str) -> MiniBatch:
        return MiniBatch(index, tuple(InputFile(name, 1) for name in names or (f"{index}.txt",)))

    def batches(self, count: int) -> list[MiniBatch]:
        return [self.batch(index) for index in range(count)]

    def noted(self, name: str = "noted") -> list[str]:
        """What scripts have noted in a file, line by line."""
        file = self.root / name
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def site(tmp_path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Waits for what happens in another process."""
    import threading

    def wait(condition: Callable[[], bool]) -> None:
        waiting = threading.Event()
        for _ in range(int(PATIENCE_S * 100)):
            if condition():
                return
            waiting.wait(0.01)
        raise AssertionError("it has not happened")

    return wait
