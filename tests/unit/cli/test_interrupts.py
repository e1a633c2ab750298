from __future__ import annotations

import os
import signal
import subprocess
import sys
from threading import Event, Thread, get_ident

import pytest

from framework.cli.interrupts import ended_by_exception, interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_stops_cleanly(number: signal.Signals) -> None:
    stopped = Event()
    with interrupts() as asked:
        asked.on_first(stopped.set)
        os.kill(os.getpid(), number)
        assert stopped.wait(10)


def test_a_signal_before_the_job_is_there_is_not_lost() -> None:
    stopped = Event()
    with interrupts() as asked:
        os.kill(os.getpid(), signal.SIGINT)
        asked.on_first(stopped.set)
        assert stopped.wait(10)


def test_a_signal_that_another_thread_gets_is_heard_while_the_main_thread_waits() -> None:
    stopped = Event()
    other = Thread(target=lambda: signal.pthread_kill(get_ident(), signal.SIGINT))
    with interrupts() as asked:
        asked.on_first(stopped.set)
        other.start()
        assert stopped.wait(10)
    other.join()


TWICE = """
import os, signal
from threading import Event
from framework.cli.interrupts import interrupts

with interrupts() as asked:
    asked.on_first(Event().wait)  # a stop that never ends by itself
    os.kill(os.getpid(), signal.SIGINT)
    asked.wait(30)
    os.kill(os.getpid(), signal.SIGINT)
    Event().wait(30)
os._exit(99)
"""


def test_a_second_signal_ends_the_process_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", TWICE], timeout=60)
    assert done.returncode == 130


def test_without_a_signal_nothing_is_stopped() -> None:
    stopped = Event()
    with interrupts() as asked:
        asked.on_first(stopped.set)
        assert not asked.wait(0)
    assert not stopped.is_set()


def test_handlers_are_given_back() -> None:
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with interrupts():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    after = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    assert after == before


def test_nohup_stays_in_force() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupts():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_before_a_job_runs_sigterm_does_what_ctrl_c_does() -> None:
    with ended_by_exception(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)
