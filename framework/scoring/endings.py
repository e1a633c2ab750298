"""How a process has ended, in words."""

from __future__ import annotations

import signal

_WORDS = {
    "SIGSEGV": "it crashed with a segmentation fault",
    "SIGBUS": "it crashed with a bus error",
    "SIGFPE": "it crashed with an arithmetic error",
    "SIGILL": "it crashed with an illegal instruction, which this processor may not have",
    "SIGABRT": "it aborted itself, as native code in distress does",
    "SIGKILL": "it was killed",
    "SIGTERM": "it was asked to end",
    "SIGINT": "it was interrupted",
    "SIGXCPU": "it used up its processor time",
    "SIGXFSZ": "it wrote more to a file than is allowed",
    "SIGSYS": "it made a call of the system that is forbidden here",
}
_SHELL = 128


def in_words(returncode: int) -> str:
    """A return code as `subprocess` has it: negative for a signal.

    Example:
        in_words(-11)  # it crashed with a segmentation fault (SIGSEGV, signal 11)
    """
    if returncode < 0:
        return _by_signal(-returncode)
    if returncode == 0:
        return "it exited with code 0, as if its work were done"
    if returncode > _SHELL and (name := _name(returncode - _SHELL)):
        return f"it exited with code {returncode}, as shells say of signal {name}"
    return f"it exited with code {returncode}"


def _by_signal(number: int) -> str:
    name = _name(number)
    if not name:
        return f"it was killed by signal {number}"
    words = _WORDS.get(name, "it was killed by a signal")
    return f"{words} ({name}, signal {number})"


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""
