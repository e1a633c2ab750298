from __future__ import annotations

import os
import signal
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from framework.cli import following
from framework.domain.outcomes import Counts
from framework.domain.states import JobStatus
from framework.errors import FrameworkError, JobCanceledError, OutputExistsError

COUNTS = {"files": 2, "succeeded": 2, "failed": 0, "rows": 2, "tries": 1}


class FakeJob:
    """A job that ends when it is waited for, or canceled."""

    name = "a job"
    error: FrameworkError | None = None
    runs_here = True

    def failure(self) -> FrameworkError | None:
        return self.error

    def __init__(self, folder: Path, status: JobStatus = JobStatus.COMPLETED) -> None:
        self.folder = folder
        self.status = status
        self.counts = COUNTS
        self.progress = (Counts(**COUNTS), None, 0, 0)

    def failures(self) -> list[str]:
        return []

    def summary(self) -> dict[str, Any]:
        return {"status": self.status, "output": "/out/x.csv", "counts": self.counts}

    def wait(self) -> None:
        return

    def cancel(self) -> None:
        raise AssertionError("nobody asked for it")


def follow(job: Any, *, shows_progress: bool = True, where: tuple[str, ...] = ()) -> Any:
    return following.follow(lambda observer: job, shows_progress=shows_progress, where=where)


def test_a_followed_job_is_named_and_summed_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert following.exit_code(follow(FakeJob(tmp_path))) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("job a job\nCompleted: 2 of 2 files ok, 2 rows in ")


def test_without_progress_a_good_job_is_silent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    follow(FakeJob(tmp_path), shows_progress=False)
    assert capsys.readouterr().err == ""


def test_a_failed_job_says_why_and_how_to_resume_even_without_progress(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = FakeJob(tmp_path, JobStatus.FAILED)
    job.error = OutputExistsError("the output is there")
    follow(job, shows_progress=False, where=("--conf", "my conf"))
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("Failed: ")
    assert said[1].startswith("to write its rows elsewhere: ")
    assert said[1].endswith("job resume 'a job' --conf 'my conf' output.path=elsewhere/")
    assert said[2] == "error: the output is there"
    assert following.exit_code(job) == 3  # type: ignore[arg-type]


def test_what_others_print_while_a_job_runs_is_no_part_of_the_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Chatty(FakeJob):
        def wait(self) -> None:
            print("a plugin says hello")

    follow(Chatty(tmp_path))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "a plugin says hello" in captured.err


def test_ctrl_c_cancels_the_job_and_says_how_to_resume(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Long(FakeJob):
        canceled = Event()

        def wait(self) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            assert self.canceled.wait(10)
            self.status, self.error = JobStatus.CANCELED, JobCanceledError("canceled")

        def cancel(self) -> None:
            self.canceled.set()

    job = follow(Long(tmp_path, JobStatus.RUNNING))
    said = capsys.readouterr().err
    assert "stopping; press Ctrl-C again to stop at once" in said
    assert "to resume: " in said
    assert "error:" not in said
    assert following.exit_code(job) == 130


def test_a_job_of_another_process_is_followed_to_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_LOOK_S", 0)
    left = [JobStatus.RUNNING, JobStatus.FINALIZING]

    class Other(FakeJob):
        def summary(self) -> dict[str, Any]:
            if left:
                self.status = left.pop(0)
                return super().summary()
            self.status = JobStatus.COMPLETED
            return super().summary()

    other = Other(tmp_path, JobStatus.RUNNING)
    seen: list[Counts] = []
    monkeypatch.setattr(
        "framework.cli.progress.LineProgress.on_progress",
        lambda self, counts, *rest: (seen.append(counts), other.summary()),
    )
    assert following.exit_code(follow(other)) == 0
    assert seen[0].succeeded == 2
    assert "Running" in capsys.readouterr().err


def test_ctrl_c_leaves_a_job_of_another_process_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Other(FakeJob):
        runs_here = False

        def wait(self) -> None:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        follow(Other(tmp_path, JobStatus.RUNNING))
    assert "goes on: another process runs it" in capsys.readouterr().err
