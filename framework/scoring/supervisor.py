"""The supervisor of one scorer process: starts it, and sees to it that nothing of it survives.

Run as a file, `python -I -S supervisor.py`, with the order as one JSON line on stdin. While the
instance lives, it holds the other end of stdin. When that closes, for whatever reason, or a byte
comes, everything below this process is killed. On Linux it is a *subreaper* (prctl(2)): orphans of
a double fork become its children, so they are found and killed too.

It reports on stdout, a JSON line each: the scorer's pid, and how it ended. Standard library only,
little of it: one runs beside each scorer process.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_STDIN = 0


def main() -> None:
    """Carries out the order on stdin."""
    order = json.loads(_read_line())
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    events = _signal_events()
    try:
        scorer = _start(order)
    except OSError as error:
        _report({"error": f"{error.filename or order['argv'][0]}: {error.strerror}"})
        return
    _report({"pid": scorer.pid})
    _wait(scorer, events)
    _kill_everything(scorer)
    _report({"returncode": scorer.returncode})


def _read_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        data = os.read(_STDIN, 1 << 16)
        if not data:
            raise SystemExit(0)
        line += data
    return line


def _report(message: dict[str, Any]) -> None:
    # The instance may be gone: then nobody waits for it, and the killing must go on.
    with contextlib.suppress(OSError):
        os.write(sys.stdout.fileno(), json.dumps(message).encode() + b"\n")


def _signal_events() -> int:
    """A descriptor that becomes readable when a child ends or this process shall end."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    return reader


def _start(order: dict[str, Any]) -> subprocess.Popen[bytes]:
    channel = int(order["channel"])
    with open(order["log"], "ab", buffering=0) as log:
        process = subprocess.Popen(
            order["argv"],
            env=order["env"],
            cwd=order["cwd"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(channel,),
            start_new_session=True,
            preexec_fn=_die_with_the_supervisor,  # noqa: PLW1509  there are no other threads
        )
    os.close(channel)
    return process


def _die_with_the_supervisor() -> None:
    # Sound here, where one thread does everything: the signal comes when the *thread* ends.
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _wait(scorer: subprocess.Popen[bytes], events: int) -> None:
    """Returns when the scorer has ended, or shall."""
    while True:
        readable, _, _ = select.select([_STDIN, events], [], [])
        if _STDIN in readable:
            return
        if any(number != signal.SIGCHLD for number in os.read(events, 1024)):
            return
        if _has_ended(scorer):
            return


def _has_ended(scorer: subprocess.Popen[bytes]) -> bool:
    """Reaps whatever has ended, adopted orphans too, and says whether the scorer is among it."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == scorer.pid:
                scorer.returncode = os.waitstatus_to_exitcode(status)
                return True
            if not pid:
                return False
    return True


def _kill_everything(scorer: subprocess.Popen[bytes]) -> None:
    """Kills all descendants, again and again, until there are none."""
    while True:
        _kill(scorer)
        if scorer.returncode is None:
            scorer.wait()
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _kill(scorer: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(scorer.pid, signal.SIGKILL)
    for pid in _descendants():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _descendants() -> Iterator[int]:
    """All processes below this one (Linux: proc(5)); elsewhere the process group has to do."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc") if sys.platform == "linux" else ():
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry))
    below = [os.getpid()]
    while below:
        for pid in children.get(below.pop(), ()):
            yield pid
            below.append(pid)


if __name__ == "__main__":
    main()
