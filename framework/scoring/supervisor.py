"""The supervisor of one scorer process: starts it, and sees to it that nothing of it survives.

Run as a file, `python -I -S supervisor.py`, with the order as one JSON line on stdin. While the
instance lives, it holds the other end of stdin. When that closes, for whatever reason, or a byte
comes, everything below this process is killed. On Linux it is a *subreaper* (prctl(2)): orphans of
a double fork become its children, so they are found and killed too.

It reports on stdout, a JSON line each: the scorer's pid, and how it ended. What the scorer prints
comes through a pipe, so that its log can be kept within bounds, and so that a full disk is not an
error of its `print`. Standard library only, little of it: one runs beside each scorer process.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

LOG_BYTES = 32 << 20
"""A log that grows beyond it is cut: its first and its last quarter are kept."""
LOG_HEAD = LOG_BYTES // 4
"""Where the first quarter ends, which is never changed."""
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_STDIN = 0
_F_SETPIPE_SZ = 1031  # Linux: fcntl(2)
_PIPE_BYTES = 1 << 20
_PAUSE_S = 0.02  # what prints line by line shall not wake this process at each line
_LEFT_OUT = re.compile(rb"\n\[\.\.\. (\d+) bytes of this log were left out \.\.\.\]\n")


class BoundedLog:
    """A log file that many scorers write to, one after the other, and that stays within bounds.

    Args:
        path: The file; it is added to.
        most: Bytes that it may have.

    Raises:
        OSError: It can't be opened.
    """

    def __init__(self, path: str, most: int) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        self._most = most
        self._head = most // 4

    def write(self, data: bytes) -> None:
        """Adds to it; what the disk has no room for is lost, and the scorer goes on."""
        with contextlib.suppress(OSError):
            os.write(self._file, data)
            if os.fstat(self._file).st_size > self._most:
                self._cut()

    def _cut(self) -> None:
        """Leaves out the middle, and says how much it was, with what was left out before."""
        size = os.fstat(self._file).st_size
        last = os.pread(self._file, self._head, size - self._head)
        earlier = _LEFT_OUT.match(os.pread(self._file, 100, self._head))
        left_out = size - self._head - len(last)
        left_out += int(earlier[1]) - len(earlier[0]) if earlier else 0
        os.ftruncate(self._file, self._head)
        os.write(self._file, b"\n[... %d bytes of this log were left out ...]\n" % left_out)
        os.write(self._file, last)


class Prints:
    """What a scorer and its descendants print, on its way to the log.

    Args:
        log: Where it goes.

    Attributes:
        writer: The end that they get; closed here once they have it.
    """

    def __init__(self, log: BoundedLog) -> None:
        self._log = log
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._due = 0.0
        self._is_open = True
        with contextlib.suppress(OSError):  # not Linux, or the user has too many of that size
            fcntl.fcntl(self.writer, _F_SETPIPE_SZ, _PIPE_BYTES)

    def wait(self, *others: int) -> list[int]:
        """Waits until one of the descriptors can be read, and passes on what is printed."""
        while True:
            pause_s = max(0.0, self._due - time.monotonic()) if self._is_open else None
            mine = [] if pause_s or not self._is_open else [self._reader]
            readable, _, _ = select.select([*others, *mine], [], [], pause_s or None)
            if self._reader in readable:
                self._pass_on()
                readable.remove(self._reader)
            if readable:
                return readable

    def _pass_on(self) -> bool:
        """Passes on what there is; says whether there may be more at once."""
        try:
            data = os.read(self._reader, _PIPE_BYTES)
        except BlockingIOError:
            return False
        self._is_open = bool(data)
        self._log.write(data)
        if len(data) < _PIPE_BYTES // 4:
            self._due = time.monotonic() + _PAUSE_S
        return self._is_open

    def drain(self) -> None:
        """Passes on what is left, when those who print are gone."""
        while self._pass_on():
            continue


def main() -> None:
    """Carries out the order on stdin."""
    order = json.loads(_read_line())
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    events = _signal_events()
    try:
        prints = Prints(BoundedLog(order["log"], order.get("log_bytes", LOG_BYTES)))
        scorer = _start(order, prints)
    except OSError as error:
        _report({"error": f"{error.filename or order['argv'][0]}: {error.strerror}"})
        return
    _report({"pid": scorer.pid})
    _wait(scorer, events, prints)
    _kill_everything(scorer)
    prints.drain()
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


def _start(order: dict[str, Any], prints: Prints) -> subprocess.Popen[bytes]:
    channel = int(order["channel"])
    process = subprocess.Popen(
        order["argv"],
        env=order["env"],
        cwd=order["cwd"],
        stdin=subprocess.DEVNULL,
        stdout=prints.writer,
        stderr=subprocess.STDOUT,
        pass_fds=(channel,),
        start_new_session=True,
        preexec_fn=_die_with_the_supervisor,  # noqa: PLW1509  there are no other threads
    )
    os.close(prints.writer)
    os.close(channel)
    return process


def _die_with_the_supervisor() -> None:
    # Sound here, where one thread does everything: the signal comes when the *thread* ends.
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _wait(scorer: subprocess.Popen[bytes], events: int, prints: Prints) -> None:
    """Returns when the scorer has ended, or shall."""
    while True:
        readable = prints.wait(_STDIN, events)
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
