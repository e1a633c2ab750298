"""Running the tools that build: each line is told, and nothing of them outlives who asked."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from framework.domain.redaction import without_signatures
from framework.scoring import supervisor

_KEPT_LINES = 30
_KILL_S = 10.0


class CanceledError(Exception):
    """Who asked for a build does not want it any more."""


class ToolFailedError(Exception):
    """A tool has ended with an error.

    Attributes:
        lines: The last of what it said.
        ending: How it ended, in words.
    """

    def __init__(self, ending: str, lines: Sequence[str]) -> None:
        super().__init__(ending)
        self.ending = ending
        self.lines = tuple(lines)


class ToolRunner:
    """Runs one tool after the other; `cancel` may come from any thread and stops them at once.

    A tool runs under the supervisor of scorer processes: it is killed with all that it started
    when it is canceled, and also when this process is killed.

    Args:
        tell: Is told each line that a tool says.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell = tell
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self.canceled = threading.Event()

    def cancel(self) -> None:
        """Stops what runs, and lets nothing more begin."""
        self.canceled.set()
        with self._lock:
            if self._process is not None:
                _hang_up(self._process)

    def check(self) -> None:
        """Makes sure that nobody has canceled.

        Raises:
            CanceledError: Somebody has.
        """
        if self.canceled.is_set():
            raise CanceledError

    def run(self, argv: Sequence[str], *, environ: Mapping[str, str], cwd: Path) -> None:
        """Runs a tool to its end.

        Raises:
            ToolFailedError: It could not be started, or has failed.
            CanceledError: It was stopped.
        """
        lines: deque[str] = deque(maxlen=_KEPT_LINES)
        reader, writer = os.pipe()
        with open(reader, "rb") as output:  # noqa: PTH123  a descriptor
            with self._lock:
                process = self._process = _start(writer)
                _order(process, argv, environ, cwd, writer)
            if self.canceled.is_set():  # between the last check and now
                _hang_up(process)
            try:
                self._listen(output, lines)
            finally:
                status = _status(process)
        self._process = None
        self.check()
        if status.get("returncode") != 0:
            raise ToolFailedError(_in_words(status), lines)

    def _listen(self, output: IO[bytes], lines: deque[str]) -> None:
        for raw in output:
            line = without_signatures(raw.decode("utf-8", "replace").rstrip())
            if line:
                lines.append(line)
                self.tell(line)


def _start(writer: int) -> subprocess.Popen[bytes]:
    """A supervisor that holds the writing end of the tool's output, and closes it at the end."""
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(supervisor.__file__)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(writer,),
            start_new_session=True,
            bufsize=0,
        )
    finally:
        os.close(writer)


def _order(
    process: subprocess.Popen[bytes],
    argv: Sequence[str],
    environ: Mapping[str, str],
    cwd: Path,
    writer: int,
) -> None:
    order = {
        "argv": list(argv),
        "env": dict(environ),
        "cwd": str(cwd),
        "log": f"/dev/fd/{writer}",
        "channel": writer,
    }
    assert process.stdin is not None
    with contextlib.suppress(OSError):  # its early end is told by its status
        process.stdin.write(json.dumps(order).encode() + b"\n")


def _status(process: subprocess.Popen[bytes]) -> dict[str, object]:
    """What the supervisor says of the tool's end; kills what still runs."""
    assert process.stdout is not None
    told: dict[str, object] = {}
    _hang_up(process)
    with process.stdout:
        for line in process.stdout.read().splitlines():
            told.update(json.loads(line))
    with contextlib.suppress(subprocess.TimeoutExpired):  # a process stuck in the kernel
        process.wait(_KILL_S)
    return told


def _hang_up(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def _in_words(status: Mapping[str, object]) -> str:
    if "error" in status:
        return f"it could not be started: {status['error']}"
    code = status.get("returncode")
    if not isinstance(code, int):
        return "it was killed"
    if code >= 0:
        return f"it exited with code {code}"
    try:
        return f"it was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was killed by signal {-code}"
