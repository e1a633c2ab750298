"""The command line on a terminal, as a terminal emulator sees it."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

pyte = pytest.importorskip("pyte", reason="the terminal emulator comes with the extra `dev`")

ROOT = Path(__file__).parents[2]
SCRIPT = """
import time

def init():
    pass

def run(mini_batch):
    time.sleep(0.05)
    return [1 for _ in mini_batch]
"""


class Terminal:
    """Runs a command on a terminal of some width; keeps every screen that it has shown."""

    def __init__(self, words: list[str], cwd: Path, columns: int, **environment: str) -> None:
        self.screen = pyte.Screen(columns, 40)
        self.raw = b""
        self.shown: list[list[str]] = []
        stream = pyte.ByteStream(self.screen)
        terminal, other_end = pty.openpty()
        fcntl.ioctl(other_end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "-m", "framework", *words],
            cwd=cwd,
            env=self._environment(environment),
            stdin=other_end,
            stdout=other_end,
            stderr=other_end,
            start_new_session=True,
        )
        os.close(other_end)
        while data := self._read(terminal):
            self.raw += data
            stream.feed(data)
            self.shown.append(self.lines())
        os.close(terminal)
        self.code = process.wait(60)

    @staticmethod
    def _environment(changes: dict[str, str]) -> dict[str, str]:
        left_out = {"COLUMNS", "LINES", "NO_COLOR", "FRAMEWORK_CONF"}
        own = {key: value for key, value in os.environ.items() if key not in left_out}
        return own | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color"} | changes

    @staticmethod
    def _read(terminal: int) -> bytes:
        try:
            return os.read(terminal, 65536)
        except OSError:  # the last one has closed the other end
            return b""

    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display if line.strip()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "score.py").write_text(SCRIPT)
    (tmp_path / "input").mkdir()
    for number in range(40):
        (tmp_path / "input" / f"{number:03}.txt").write_text("text")
    return tmp_path


def invoke(folder: Path, columns: int, **environment: str) -> Terminal:
    words = ["code_configuration.code=.", "code_configuration.scoring_script=score.py"]
    more = ["input=input", "mini_batch_size=1", "--name", "mine"]
    return Terminal(["invoke", *words, *more], folder, columns, **environment)


@pytest.mark.parametrize("columns", [45, 100])
def test_a_bar_is_shown_while_it_runs_and_a_summary_stays(folder: Path, columns: int) -> None:
    terminal = invoke(folder, columns)
    assert terminal.code == 0, terminal.lines()
    running = {line for lines in terminal.shown for line in lines if "Running" in line}
    assert any("/40 files" in line for line in running)
    assert all(len(line) <= columns for line in running)
    assert not any("Running" in line for line in terminal.lines())
    text = " ".join(terminal.lines())
    assert "Completed: 40 of 40 files ok, 40 rows in" in text
    assert "dashboard" in text
    assert not terminal.screen.cursor.hidden


def test_a_terminal_gets_a_readable_result(folder: Path) -> None:
    terminal = invoke(folder, 120)
    assert any(line.split() == ["status", "Completed"] for line in terminal.lines())
    assert not any(line.startswith("{") for line in terminal.lines())


def test_no_color_means_no_color(folder: Path) -> None:
    terminal = invoke(folder, 100, NO_COLOR="1")
    assert terminal.code == 0
    assert b"\x1b[31m" not in terminal.raw
    assert b"\x1b[1;31m" not in terminal.raw
    assert b"\x1b[36m" not in terminal.raw
    failed = Terminal(["job", "show", "nope"], folder, 100, NO_COLOR="1")
    assert failed.code == 4
    assert b"\x1b[" not in failed.raw


def test_a_dumb_terminal_gets_plain_lines(folder: Path) -> None:
    words = ["code_configuration.code=.", "code_configuration.scoring_script=score.py"]
    terminal = Terminal(["invoke", *words, "input=input", "-o", "json"], folder, 100, TERM="dumb")
    assert terminal.code == 0
    assert b"\x1b[" not in terminal.raw
    assert b"Running" in terminal.raw


def test_a_dry_run_is_readable_on_a_terminal(folder: Path) -> None:
    words = ["code_configuration.code=.", "code_configuration.scoring_script=score.py"]
    terminal = Terminal(["invoke", *words, "input=input", "--dry-run"], folder, 120)
    assert terminal.code == 0
    text = terminal.raw.decode()
    assert "40 files, 160 bytes" in text
    assert "4 mini-batches of 10 files, 40 bytes" in text
    assert "and 30 more" in text
    assert "nothing was scored" in text
