"""What people see of an error, and the exit code that it means."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from pathlib import Path

import click

from framework.cli.run_state import RunState
from framework.cli.streams import say, visible
from framework.domain.redaction import without_signatures
from framework.errors import FrameworkError

INTERRUPTED = 130
_WRONG_USAGE = 2
_UNEXPECTED = 1


def exit_code_of(error: BaseException, state: RunState) -> int:
    """Says on stderr what went wrong.

    Expected failures are one line each. A traceback is the user's own, or a bug's.

    Returns:
        The exit code.
    """
    if isinstance(error, FrameworkError):
        return _expected(error)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        say("interrupted")
        return INTERRUPTED
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        say(error.format_message())
        return _WRONG_USAGE
    if isinstance(error, click.ClickException):
        return _wrong_usage(error)
    return _unexpected(error, state)


def say_error(message: str) -> None:
    """Says one or more errors, a line each."""
    for line in message.splitlines() or [""]:
        say(f"{_painted('error:')} {visible(without_signatures(line))}")


def say_failure(error: FrameworkError) -> None:
    """Says an expected failure; the traceback of the user's own code comes whole before it."""
    if error.user_traceback:
        say(visible(error.user_traceback.rstrip("\n")))
    say_error(error.message)


def _expected(error: FrameworkError) -> int:
    say_failure(error)
    return error.exit_code


def _wrong_usage(error: click.ClickException) -> int:
    message = " ".join(error.format_message().split()).rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    where = f" (see `{context.command_path} --help`)" if context else ""
    say_error(f"{message[:1].lower()}{message[1:]}{where}")
    return _WRONG_USAGE


def _unexpected(error: BaseException, state: RunState) -> int:
    trace = "".join(traceback.format_exception(error))
    if state.is_verbose:
        say(visible(trace.rstrip("\n")))
    reason = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
    say_error(f"this is a bug of ours, please report it: {reason}{_kept(trace)}")
    return _UNEXPECTED


def _kept(trace: str) -> str:
    """Keeps a traceback in a file, and says where."""
    try:
        descriptor, path = tempfile.mkstemp(prefix="framework-bug-", suffix=".log")
        os.close(descriptor)
        Path(path).write_text(trace, encoding="utf-8", errors="backslashreplace")
    except OSError:
        return " (-v shows the traceback)"
    return f" (traceback in {path})"


def _painted(word: str) -> str:
    is_plain = "NO_COLOR" in os.environ or not sys.stderr.isatty()
    return word if is_plain else click.style(word, fg="red", bold=True)
