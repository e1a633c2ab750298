"""Ctrl-C: while a job runs, the first time it stops cleanly, the second time at once."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread, current_thread, main_thread
from types import FrameType
from typing import Any

from framework.cli.failures import INTERRUPTED

Handler = Callable[[int, FrameType | None], None]

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SHOW_CURSOR = b"\x1b[?25h\n"


class Interrupts:
    """The wish to stop, as threads hear of it.

    Signals come as bytes through a socket that the interpreter writes to at once. A handler in
    Python would run in the main thread alone, and that one does not wake up from waiting for the
    job if the system delivered the signal to another thread.
    """

    def __init__(self) -> None:
        self._asked = Event()
        self._thread: Thread | None = None

    def on_first(self, stop: Callable[[], None]) -> None:
        """Says how to stop; called at once if that was asked for before."""
        self._thread = Thread(target=self._stop, args=(stop,), name="interrupts", daemon=True)
        self._thread.start()

    def wait(self, timeout_s: float) -> bool:
        """Whether somebody asks to stop within that time."""
        return self._asked.wait(timeout_s)

    def settle(self) -> None:
        """Waits until a stop that has begun has been passed on."""
        if self._asked.is_set() and self._thread is not None:
            self._thread.join()

    def listen(self, signals: socket.socket) -> None:
        """Takes signals until the other end is closed; a second one ends the process at once.

        Scorer processes end by themselves when it is gone.
        """
        while number := signals.recv(1):
            if number[0] not in _STOPPING:
                continue
            if self._asked.is_set():
                if sys.stderr.isatty():
                    os.write(2, _SHOW_CURSOR)  # the bar had hidden it
                os._exit(INTERRUPTED)
            self._asked.set()

    def _stop(self, stop: Callable[[], None]) -> None:
        self._asked.wait()
        stop()


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Takes signals as long as the block runs."""
    taken = Interrupts()
    with _heard_by(taken.listen), _handled_by(_nothing):
        try:
            yield taken
        finally:
            taken.settle()


@contextmanager
def ended_by_exception() -> Iterator[None]:
    """Makes all signals that stop a command do what Ctrl-C does in Python."""
    with _handled_by(_raise):
        yield


def _raise(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _nothing(_number: int, _frame: FrameType | None) -> None:
    return


@contextmanager
def _heard_by(listen: Callable[[socket.socket], None]) -> Iterator[None]:
    if current_thread() is not main_thread():
        yield
        return
    hearing, telling = socket.socketpair()
    telling.setblocking(False)
    listener = Thread(target=listen, args=(hearing,), name="signals", daemon=True)
    listener.start()
    before = signal.set_wakeup_fd(telling.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        telling.close()
        listener.join()
        hearing.close()


@contextmanager
def _handled_by(handler: Handler) -> Iterator[None]:
    before: dict[signal.Signals, Any] = {}
    for number in _STOPPING if current_thread() is main_thread() else ():
        is_nohup = number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN
        if not is_nohup:
            before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
