from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from framework.environments import PlannedEnvironment, ToolRunner, read_environment
from framework.errors import ConfigurationError, PluginError
from framework.jobs import scorer_environment
from framework.jobs.log_writer import LogWriter
from framework.jobs.record import JobRecord
from framework.jobs.scorer_environment import LOG, ScorerEnvironment, choose_environment
from framework.plugin.contributions import Contribution, Kind
from framework.settings import Environment, Settings

SCRIPT = Contribution(
    kind=Kind.SCORER, name="script", factory="framework.scoring.child.script:S", plugin="builtin"
)
BARE = Contribution(kind=Kind.SCORER, name="mine", factory="mine:S", plugin="mine")


class Said:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def notice(self, text: str) -> None:
        self.texts.append(text)


def chosen(stored: Any = None, scorer: Contribution = SCRIPT, **said: Any) -> list[str] | None:
    planned = choose_environment(Settings(environment=Environment(**said)), scorer, stored)
    return list(planned.spec.requirements) if planned else None


def test_what_is_asked_for_decides_where_scorers_run() -> None:
    assert chosen() is None
    assert chosen(name="current") is None
    assert chosen(name="current", requirements=("six",)) is None
    assert chosen(name="azure", image="mcr.example/x") is None
    assert chosen(requirements=("six",)) == ["six"]
    assert chosen(name="mine", version="3", requirements=("six",)) == ["six"]
    assert chosen(conda_file={"dependencies": [{"pip": ["six"]}]}) == ["six"]


def test_a_resumed_job_has_the_environment_that_it_began_with() -> None:
    stored = read_environment(requirements=["attrs"]).to_document()
    assert chosen(stored, requirements=("six",)) == ["attrs"]


def test_an_environment_that_says_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="environment=current"):
        chosen(name="mine")


def test_a_scorer_that_can_not_be_brought_along_is_refused() -> None:
    with pytest.raises(PluginError, match="make a package of it"):
        chosen(scorer=BARE, requirements=("six",))
    assert chosen(scorer=BARE) is None


def test_a_build_is_told_at_its_beginning_every_ten_seconds_and_at_its_end(
    record: JobRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, now = Said(), [0.0]

    @contextlib.contextmanager
    def build(_: PlannedEnvironment, runner: ToolRunner) -> Iterator[Any]:
        for line in ("Collecting torch", "Downloading torch", "Installing"):
            runner.tell(line)
            now[0] += 8
            environment.tick()
        yield SimpleNamespace(python="/env/bin/python")

    monkeypatch.setattr(scorer_environment, "environment_in_use", build)
    Path(record.url("logs")).mkdir(parents=True)
    planned = choose_environment(
        Settings(environment=Environment(requirements=("torch",))), SCRIPT, None
    )
    environment = ScorerEnvironment(
        planned,
        said,  # type: ignore[arg-type]
        LogWriter(record, LOG),
        "job",
        clock=lambda: now[0],
    )
    with environment.in_use() as python:
        assert python == "/env/bin/python"
        now[0] += 100
        environment.tick()
    first, *later, last = said.texts
    assert first.startswith("building the environment of environment.requirements (")
    assert later == ["building environment (16 s): Downloading torch"]
    assert last == "environment built in 24 s"
    log = Path(record.url("logs", "environment.log")).read_text()
    assert log == "Collecting torch\nDownloading torch\nInstalling\n"


def test_nothing_is_said_where_nothing_is_built(record: JobRecord) -> None:
    said = Said()
    environment = ScorerEnvironment(None, said, LogWriter(record, LOG), "job")  # type: ignore[arg-type]
    with environment.in_use() as python:
        assert python == ""
        environment.tick()
    assert said.texts == []
