"""A scorer process as its instance sees it: started, fed, waited for under a deadline, killed."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from framework.scoring.child.channel import FrameError, FrameReader, encode_frame
from framework.scoring.endings import in_words
from framework.scoring.launch import Launch, Room, command, environment, setup
from framework.scoring.protocol import ProtocolError, check_reply
from framework.scoring.strays import FAMILY, end_family

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_READ_BYTES = 1 << 20
_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR
_KILL_S = 10.0
_DYING_MS = 250
_LONGEST_POLL_S = 3600.0  # poll(2) counts milliseconds in an int


class Reply(NamedTuple):
    """What a scorer process answers.

    Attributes:
        header: See `framework/scoring/child/loop.py`.
        payload: Encoded rows.
    """

    header: dict[str, Any]
    payload: bytes


class ProcessEndedError(Exception):
    """The scorer process has ended by itself, or was killed by somebody else.

    Attributes:
        returncode: How, as `subprocess` has it; `None` where nobody knows.
    """

    def __init__(self, message: str, returncode: int | None = None) -> None:
        super().__init__(message)
        self.returncode = returncode


class DeadlineError(Exception):
    """No reply came in time."""


class ScorerProcess:
    """One scorer process under its supervisor. Used by one thread; only `kill` may come from any.

    Args:
        launch: How it is started.
        room: Its folders.
        on_started: Called with its process id, once that is known.
    """

    def __init__(
        self, launch: Launch, room: Room, on_started: Callable[[int], None] | None = None
    ) -> None:
        room.output.mkdir(parents=True, exist_ok=True)
        room.aside.mkdir(parents=True, exist_ok=True)
        self.room = room
        self.pid: int | None = None
        self._on_started = on_started
        self._reader = FrameReader()
        self._replies: deque[Reply] = deque()
        self._asked, self._answered = 1, 0  # loading is the first thing that is asked
        self._strange = ""
        self._has_closed = False
        self._family = secrets.token_hex(8)
        self._outgoing = bytearray()
        self._status = b""
        self._is_closed = False
        self._is_killed = False
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._channel.setblocking(False)
            self._supervisor = _start_supervisor(theirs.fileno())
            self._status_fd = _fileno(self._supervisor.stdout)
            self._order(launch, theirs.fileno())
        self._outgoing += encode_frame(setup(launch, room))

    def _order(self, launch: Launch, channel_fd: int) -> None:
        order = {
            "argv": command(launch, channel_fd),
            "env": {**environment(launch, self.room, os.environ), FAMILY: self._family},
            "cwd": str(self.room.cwd),
            "log": str(self.room.log),
            "channel": channel_fd,
        }
        stdin = self._supervisor.stdin
        with contextlib.suppress(OSError):  # its early end is told by its status
            if stdin is not None:
                stdin.write(json.dumps(order).encode() + b"\n")

    def send(
        self, key: str, names: Sequence[str], *, root: str | None, files: Sequence[str] = ()
    ) -> None:
        """Queues one mini-batch; it is sent by `flush`, and while `receive` waits.

        Args:
            key: Names what the mini-batch leaves aside.
            names: The files' paths relative to the input's root.
            root: What makes absolute local paths of the names; `None` where `files` has them.
            files: Absolute local paths.
        """
        where = {"files": files} if root is None else {"root": root}
        self._outgoing += encode_frame({"key": key, "names": names, **where})
        self._asked += 1

    def receive(self, timeout_s: float) -> Reply:
        """The next reply, in the order that mini-batches were sent.

        Raises:
            DeadlineError: None came within `timeout_s` seconds.
            ProcessEndedError: The process is gone; all its replies were received.
        """
        deadline = time.monotonic() + timeout_s
        while not self._replies:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise DeadlineError
            self._exchange(remaining)
        return self._replies.popleft()

    def has_ended(self) -> bool:
        """Whether the process is known to be gone, or is being ended."""
        try:
            self._exchange(0.0)
        except ProcessEndedError:
            return True
        return self._is_closed

    def _exchange(self, timeout_s: float) -> None:
        if self._is_killed:
            raise ProcessEndedError("it was killed")
        poll = select.poll()
        if not self._is_closed:
            poll.register(self._channel, _READABLE | (select.POLLOUT if self._outgoing else 0))
        poll.register(self._status_fd, _READABLE)
        events = dict(poll.poll(min(timeout_s, _LONGEST_POLL_S) * 1000))
        if events.get(self._channel.fileno(), 0) & select.POLLOUT:
            self.flush()
        if events.get(self._channel.fileno(), 0) & _READABLE:
            self._read_replies()
        if events.get(self._status_fd, 0) & _READABLE:
            self._read_status()

    def flush(self) -> None:
        """Sends as much as the channel takes at once."""
        with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            sent = self._channel.send(self._outgoing)
            del self._outgoing[:sent]

    def _read_replies(self) -> None:
        try:
            data = self._channel.recv(_READ_BYTES)
        except (BlockingIOError, ConnectionResetError):
            data = b""
        self._accept(data)
        if not data:  # it is dying, as its status will say at once, or has closed the channel
            self._is_closed = True
            status = select.poll()
            status.register(self._status_fd, _READABLE)
            self._has_closed = not status.poll(_DYING_MS)
            self._hang_up()

    def _accept(self, data: bytes) -> None:
        """Takes replies; what comes after something that is none is not looked at any more."""
        if self._strange:
            return
        try:
            for header, payload in self._reader.feed(data):
                turn = self._answered if self._answered < self._asked else -1
                self._replies.append(Reply(check_reply(header, turn), payload))
                self._answered += 1
        except (FrameError, ProtocolError) as error:
            self._strange = str(error)
            self._is_closed = True
            self._hang_up()

    def _read_status(self) -> None:
        data = os.read(self._status_fd, 4096)
        self._status += data
        messages = [json.loads(line) for line in self._status.splitlines() if line.endswith(b"}")]
        told = {key: value for message in messages for key, value in message.items()}
        if self.pid is None and "pid" in told:
            self.pid = told["pid"]
            if self._on_started is not None:
                self._on_started(told["pid"])
        if not data or "returncode" in told or "error" in told:
            self._drain()
            if not self._replies:
                raise ProcessEndedError(self._in_words(told), told.get("returncode"))

    def _in_words(self, told: Mapping[str, Any]) -> str:
        if "error" in told:
            return f"it could not be started: {told['error']}"
        if self._strange:
            return (
                f"it was killed, since what came from it is not our protocol ({self._strange}): "
                "something in it writes to file descriptors that it has not opened"
            )
        code = told.get("returncode")
        if self._has_closed and code == -signal.SIGKILL:
            return (
                "it was killed, since it closed the channel to its instance: "
                "something in it closes file descriptors that it has not opened"
            )
        return "its supervisor was killed" if code is None else in_words(code)

    def _drain(self) -> None:
        with contextlib.suppress(OSError):
            while not self._strange and (data := self._channel.recv(_READ_BYTES)):
                self._accept(data)

    def close(self, grace_s: float) -> None:
        """Lets the process end in peace (`shutdown()`), then kills what is left of it."""
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)
        with contextlib.suppress(DeadlineError, ProcessEndedError):
            while True:
                self.receive(grace_s)
        self.kill()

    def kill(self) -> None:
        """Kills the process with all its descendants, and returns when they are gone."""
        self._is_killed = True
        self._hang_up()
        with contextlib.suppress(subprocess.TimeoutExpired):  # a process stuck in the kernel
            if self._supervisor.wait(_KILL_S):  # it was itself killed, and could not do its work
                end_family(self._family)

    def release(self) -> None:
        """Gives the descriptors back; for the thread that uses the process, after `kill`."""
        self._channel.close()
        if self._supervisor.stdout is not None:
            self._supervisor.stdout.close()

    def _hang_up(self) -> None:
        """Has the supervisor kill everything; one that was stopped could kill nothing."""
        self._supervisor.send_signal(signal.SIGCONT)
        if self._supervisor.stdin is not None:
            with contextlib.suppress(OSError):
                self._supervisor.stdin.close()


def _start_supervisor(channel_fd: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_SUPERVISOR)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(channel_fd,),
        start_new_session=True,
        bufsize=0,
    )


def _fileno(pipe: IO[bytes] | None) -> int:
    if pipe is None:
        raise ValueError("the supervisor has no such pipe")
    return pipe.fileno()
