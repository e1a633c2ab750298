from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import framework
import framework.jobs
from framework import api
from framework.domain.states import JobStatus
from framework.errors import ConfigurationError, NotFoundError, UsageError


class FakeJob:
    resumer: Any = None

    def __init__(self, name: str, status: JobStatus, document: dict[str, Any]) -> None:
        self.name, self.status, self.document = name, status, document
        self.moved: str | None = None

    def model_moved_on(self, settings: Any) -> str | None:
        return self.moved

    def check_output(self) -> None:
        """It is there."""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What was asked of the jobs room, which here does nothing."""
    asked: list[tuple[str, Any]] = []

    def find_job(workspace: Any, name: str, options: Any) -> Any:
        raise NotFoundError(name)

    def prepare(settings: Any, document: Any, plugins: Any) -> Any:
        asked.append(("prepare", settings))
        return settings

    def start(prepared: Any, observer: Any) -> Any:
        asked.append(("start", prepared))
        return FakeJob("new", JobStatus.PREPARING, {})

    def resume(workspace: Any, name: str, restore: Any, plugins: Any, observer: Any, _: Any) -> Any:
        asked.append(("resume", (name, restore)))
        return FakeJob(name, JobStatus.PREPARING, {})

    for each in (find_job, prepare, start, resume):
        monkeypatch.setattr(framework.jobs, each.__name__, each)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FRAMEWORK_CONF", raising=False)
    return asked


SCRIPT = {"code_configuration": {"code": ".", "scoring_script": "score.py"}}


def test_settings_come_as_keywords_nested_dotted_and_as_overrides(
    calls: list[tuple[str, Any]], tmp_path: Path
) -> None:
    framework.invoke(
        "+tags.team=blue",
        input=tmp_path / "in",
        mini_batch_size=20,
        resources={"instance_count": 2},
        **{"retry_settings.timeout": 5},
        **SCRIPT,
    )
    settings = calls[0][1]
    assert [name for name, _ in calls] == ["prepare", "start"]
    assert settings.mini_batch_size == 20
    assert settings.resources.instance_count == 2
    assert settings.retry_settings.timeout == 5
    assert settings.tags == {"team": "blue"}
    assert settings.input == (str(tmp_path / "in"),)


def test_it_works_where_an_event_loop_runs(calls: list[tuple[str, Any]]) -> None:
    async def cell() -> Any:
        return framework.invoke(input="in", **SCRIPT)

    assert asyncio.run(cell()).name == "new"


def test_wrong_settings_are_all_told_and_nothing_is_begun(calls: list[tuple[str, Any]]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        framework.invoke(input="in", mini_batch_size=0, error_treshold=1, **SCRIPT)
    assert {problem.key for problem in caught.value.problems} == {
        "mini_batch_size",
        "error_treshold",
    }
    assert calls == []


def test_a_name_that_is_free_makes_a_new_job(calls: list[tuple[str, Any]]) -> None:
    framework.invoke(input="in", name="fresh", **SCRIPT)
    assert [name for name, _ in calls] == ["prepare", "start"]


def taken(monkeypatch: pytest.MonkeyPatch, status: JobStatus, **settings: Any) -> FakeJob:
    invocation = api.compose_invocation([("input", "in"), *SCRIPT.items(), *settings.items()])
    job = FakeJob("mine", status, invocation.composition.document)
    monkeypatch.setattr(framework.jobs, "find_job", lambda workspace, name, options: job)
    return job


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.RUNNING, JobStatus.QUEUED])
def test_a_job_that_runs_or_is_done_is_given_back(
    status: JobStatus, calls: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = taken(monkeypatch, status)
    assert framework.invoke(input="in", name="mine", **SCRIPT) is job
    assert calls == []


def test_a_job_whose_settings_mean_another_model_by_now_is_not_taken_for_it(
    calls: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = taken(monkeypatch, JobStatus.COMPLETED)
    job.moved = "m:1 -> m:2"
    with pytest.raises(UsageError, match=r"other settings: model: m:1 -> m:2 \(`job resume mine`"):
        framework.invoke(input="in", name="mine", **SCRIPT)
    assert calls == []


def test_a_job_from_python_can_be_resumed(calls: list[tuple[str, Any]]) -> None:
    job = framework.invoke(input="in", **SCRIPT)
    job.resumer()
    assert calls[-1][0] == "resume"
    assert calls[-1][1][0] == "new"


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELED])
def test_a_job_that_stopped_is_resumed_under_its_name(
    status: JobStatus, calls: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = taken(monkeypatch, status)
    framework.invoke(input="in", name="mine", **SCRIPT)
    ((verb, (name, wish)),) = calls
    assert (verb, name) == ("resume", "mine")
    assert wish.restore(job.document)[0].input == (str(Path.cwd() / "in"),)


def test_a_name_with_other_settings_is_refused_with_the_differences(
    calls: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken(monkeypatch, JobStatus.COMPLETED, mini_batch_size=3)
    with pytest.raises(UsageError, match=r"'mine'.*mini_batch_size: 3 -> 10"):
        framework.invoke(input="in", name="mine", **SCRIPT)
    assert calls == []


def test_overrides_of_a_resume_change_the_stored_settings(calls: list[tuple[str, Any]]) -> None:
    invocation = api.compose_invocation((), is_complete=False)
    stored = api.compose_invocation([("input", "in"), *SCRIPT.items()]).composition.document
    api.resume(invocation, "mine", ["output.path=elsewhere"], framework.jobs.SilentObserver())
    _, (_, wish) = calls[0]
    assert wish.restore(stored)[0].output.path == str(Path.cwd() / "elsewhere")


def test_a_secret_that_the_environment_gives_stands_in_no_way_of_a_resume(
    calls: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATTERN", "*.png")
    invocation = api.compose_invocation(
        [("input", "in"), "input_include=${oc.env:PATTERN}", *SCRIPT.items()]
    )
    stored = invocation.composition.document
    api.resume(invocation, "mine", (), framework.jobs.SilentObserver())
    _, (_, wish) = calls[0]
    settings, document = wish.restore(stored)
    assert settings.input_include == ("*.png",)
    assert document == stored
