"""Real scorer processes, started from scripts that tests write."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from framework.scoring.launch import Launch, Room
from framework.scoring.process import ScorerProcess

FACTORY = "framework.scoring.child.script:ScriptScorer"
PATIENCE_S = 60.0
CSV = {"kind": "delimited", "separator": ","}


class Starter:
    """Starts scorer processes with the scripts of a test, and sees to it that they end."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.code = root / "code"
        self.log = root / "process.log"
        self.code.mkdir()
        self._started: list[ScorerProcess] = []

    def room(self) -> Room:
        number = len(self._started)
        return Room(
            folder=self.root / f"room-{number}", cwd=self.code, log=self.log, model_dir=None
        )

    def launch(self, script: str, **options) -> Launch:
        (self.code / "score.py").write_text(textwrap.dedent(script))
        params = {"scoring_script": "score.py"}
        return Launch(**{"factory": FACTORY, "params": params, "code": "code.zip", **options})

    def start(self, script: str, **options) -> ScorerProcess:
        """A process that may not have loaded yet."""
        return self.start_launch(self.launch(script, **options), self.room())

    def start_launch(self, launch: Launch, room: Room) -> ScorerProcess:
        process = ScorerProcess(launch, room)
        self._started.append(process)
        return process

    def loaded(self, script: str, **options) -> ScorerProcess:
        """A process that has loaded its script."""
        process = self.start(script, **options)
        reply = process.receive(PATIENCE_S).header
        assert reply["ok"], reply
        return process

    def close(self) -> None:
        for process in self._started:
            process.kill()
            process.release()


@pytest.fixture
def starter(tmp_path):
    made = Starter(tmp_path)
    yield made
    made.close()
