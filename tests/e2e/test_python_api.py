"""`framework.invoke()` from a script and from where an event loop runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import framework
from framework.domain.states import JobStatus

SCRIPT = """
import pathlib

def init():
    pass

def run(mini_batch):
    return [{"length": len(pathlib.Path(path).read_text())} for path in mini_batch]
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    (tmp_path / "score.py").write_text(SCRIPT)
    (tmp_path / "input").mkdir()
    for number in range(3):
        (tmp_path / "input" / f"{number}.txt").write_text("x" * number)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FRAMEWORK_CONF", raising=False)
    return {
        "input": tmp_path / "input",
        "code_configuration": {"code": ".", "scoring_script": "score.py"},
    }


def test_a_job_runs_behind_and_gives_a_data_frame(settings: dict[str, Any]) -> None:
    job = framework.invoke(mini_batch_size=2, **settings)
    assert job.wait() is job
    assert job.status is JobStatus.COMPLETED
    assert job.counts["rows"] == 3
    assert job.results()["length"].tolist() == [0, 1, 2]
    assert Path(job.output).is_file()


def test_a_job_runs_where_an_event_loop_runs(settings: dict[str, Any]) -> None:
    async def cell() -> framework.Job:
        job = framework.invoke(**settings)
        return await asyncio.to_thread(job.wait)

    assert asyncio.run(cell()).status is JobStatus.COMPLETED


def test_a_failed_job_raises_nothing_on_wait_and_says_why(settings: dict[str, Any]) -> None:
    Path("score.py").write_text("def init():\n    pass\ndef run(files):\n    raise OSError('no')\n")
    job = framework.invoke(**settings, retry_settings={"max_retries": 1}).wait()
    assert job.status is JobStatus.FAILED
    assert isinstance(job.error, framework.NothingSucceededError)


def test_an_output_that_exists_is_an_exception_of_its_own(settings: dict[str, Any]) -> None:
    framework.invoke(**settings, output={"path": "out"}).wait()
    with pytest.raises(framework.OutputExistsError):
        framework.invoke(**settings, output={"path": "out"})
