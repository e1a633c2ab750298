from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from framework.cli.terminal_progress import TerminalProgress, fitting
from framework.domain.outcomes import Counts
from framework.domain.states import JobStatus


class Screen:
    """A terminal of some width, and what its progress line looks like."""

    def __init__(self, width: int) -> None:
        self.now = 0.0
        self.written = io.StringIO()
        console = Console(file=self.written, force_terminal=True, width=width, color_system=None)
        self.progress = TerminalProgress(console, lambda: self.now)

    def line(self) -> str:
        buffer = io.StringIO()
        width = self.progress._console.width
        Console(file=buffer, width=width, color_system=None).print(self.progress.line())
        return buffer.getvalue()


@pytest.fixture(params=[40, 80, 200])
def screen(request: pytest.FixtureRequest) -> Iterator[Screen]:
    made = Screen(request.param)
    yield made
    made.progress.close()


def run_half(screen: Screen) -> None:
    screen.progress.on_status(JobStatus.RUNNING)
    screen.progress.on_progress(Counts(files=5000), 5000, 2, 2)
    screen.now += 10
    counts = Counts(files=5000, succeeded=2497, failed=3, rows=2497)
    screen.progress.on_progress(counts, 5000, 2, 2)


def test_the_line_is_one_line_on_any_terminal(screen: Screen) -> None:
    run_half(screen)
    assert len(screen.line().splitlines()) == 1
    assert "Running" in screen.line()
    assert "2,500/5,000" in screen.line()


def test_a_wide_terminal_shows_everything() -> None:
    screen = Screen(200)
    run_half(screen)
    line = screen.line()
    screen.progress.close()
    for word in ("(50 %)", "3 failed", "250/s", "2,497 rows", "10 s left", "━"):
        assert word in line


def test_loading_the_model_is_shown_with_how_many_processes_are_ready(screen: Screen) -> None:
    screen.progress.on_status(JobStatus.PREPARING)
    screen.progress.on_progress(Counts(files=10), 10, 1, 2)
    assert "loading model: 1/2" in screen.line()


def test_no_total_is_shown_while_the_listing_goes_on(screen: Screen) -> None:
    screen.progress.on_status(JobStatus.RUNNING)
    screen.progress.on_progress(Counts(files=5000, succeeded=1200), None, 2, 2)
    assert "1,200 files" in screen.line()
    assert "%" not in screen.line()


def test_a_notice_is_printed_as_it_is() -> None:
    screen = Screen(80)
    notice = "dashboard: http://[::1]:8787/status [red]not red[/red]"
    screen.progress.on_notice(notice)
    screen.progress.close()
    assert notice in screen.written.getvalue()


@given(st.lists(st.text("abc", max_size=9), max_size=6), st.integers(0, 60))
def test_only_as_many_words_are_shown_as_fit(words: list[str], width: int) -> None:
    kept = [text.plain for text in fitting([Text(word) for word in words], width)]
    assert len("  ".join(kept)) <= width
    if kept != words[: len(kept)]:
        assert len(words[0]) > width
        assert len(kept) == 1
    elif len(kept) < len(words):
        assert len("  ".join(words[: len(kept) + 1])) > width
