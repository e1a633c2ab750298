from __future__ import annotations

import pytest

from framework.cli.progress import LineProgress, QuietProgress, choose_progress
from framework.domain.outcomes import Counts
from framework.domain.states import JobStatus

READY = (2, 2)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lines(clock: Clock) -> LineProgress:
    return LineProgress(clock)


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


def test_each_status_is_a_line_and_the_last_is_left_to_the_summary(
    lines: LineProgress, capsys: pytest.CaptureFixture[str]
) -> None:
    for status in (JobStatus.PREPARING, JobStatus.RUNNING, JobStatus.COMPLETED):
        lines.on_status(status)
    assert said(capsys) == ["Preparing", "Running"]


def test_a_line_comes_every_ten_seconds(
    lines: LineProgress, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    lines.on_status(JobStatus.RUNNING)
    for quarter in range(4 * 30):
        clock.now += 0.25
        lines.on_progress(Counts(files=100_000, succeeded=quarter * 10), 100_000, *READY)
    out = said(capsys)[1:]
    assert len(out) == 3
    assert out[0] == "Running 390/100,000 files (0 %), 40/s, 41 min 30 s left"


def test_a_line_comes_every_ten_percent_but_not_more_than_one_a_second(
    lines: LineProgress, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    lines.on_status(JobStatus.RUNNING)
    for done in range(101):
        clock.now += 0.05
        lines.on_progress(Counts(files=100, succeeded=done), 100, *READY)
    assert 2 <= len(said(capsys)) - 1 <= 5


def test_failed_files_are_told(
    lines: LineProgress, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    lines.on_status(JobStatus.RUNNING)
    clock.now += 11
    lines.on_progress(Counts(files=5000, succeeded=1197, failed=3), 5000, *READY)
    assert said(capsys)[1] == "Running 1,200/5,000 files (24 %), 3 failed"


def test_no_total_is_told_while_the_listing_goes_on(
    lines: LineProgress, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    lines.on_status(JobStatus.RUNNING)
    clock.now += 11
    lines.on_progress(Counts(files=5000, succeeded=1200), None, *READY)
    assert said(capsys)[1] == "Running 1,200 files"


def test_loading_the_model_is_told_and_not_repeated_every_ten_seconds(
    lines: LineProgress, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    lines.on_status(JobStatus.PREPARING)
    for _ in range(59):
        clock.now += 1
        lines.on_progress(Counts(files=10), 10, 1, 2)
    assert said(capsys) == ["Preparing", "Preparing loading model: 1/2 processes ready"]


def test_without_progress_only_notices_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = choose_progress(is_wanted=False)
    assert type(quiet) is QuietProgress
    quiet.on_status(JobStatus.RUNNING)
    quiet.on_progress(Counts(files=10), 10, 1, 2)
    quiet.on_notice("dashboard: http://localhost:8787")
    quiet.close()
    assert said(capsys) == ["dashboard: http://localhost:8787"]


def test_lines_are_chosen_where_stderr_is_no_terminal() -> None:
    assert type(choose_progress(is_wanted=True)) is LineProgress


def test_lines_are_chosen_on_a_terminal_that_cannot_move_its_cursor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "dumb")
    assert type(choose_progress(is_wanted=True)) is LineProgress


def test_a_closed_stderr_does_not_reach_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    class Closed:
        def write(self, text: str) -> int:
            tried.append(text)
            raise BrokenPipeError

        def flush(self) -> None:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stderr", Closed())
    LineProgress(Clock()).on_status(JobStatus.RUNNING)
    assert tried == ["Running\n"]
