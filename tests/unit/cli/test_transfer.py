from __future__ import annotations

import io

import pytest

from framework.cli.transfer import shown_transfer
from framework.models import Phase


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    return Terminal()


def test_a_terminal_sees_what_is_done_and_how_far_it_is(terminal, monkeypatch):
    monkeypatch.setattr("sys.stderr", terminal)
    with shown_transfer("a [red] model", is_wanted=True) as on_progress:
        assert on_progress is not None
        on_progress(Phase.CHECKSUM, 50, 100)
        on_progress(Phase.UPLOAD, 100, 100)

    assert "uploading a [red] model" in terminal.getvalue()
    assert "100/100 bytes" in terminal.getvalue()


@pytest.mark.parametrize("why", ["not wanted", "dumb", "no terminal"])
def test_nothing_is_shown_where_it_would_disturb(terminal, monkeypatch, why):
    monkeypatch.setattr("sys.stderr", terminal)
    if why == "dumb":
        monkeypatch.setenv("TERM", "dumb")
    elif why == "no terminal":
        monkeypatch.setattr("sys.stderr", io.StringIO())
    with shown_transfer("m", is_wanted=why != "not wanted") as on_progress:
        assert on_progress is None
    assert terminal.getvalue() == ""
