"""The process's own standard streams: the result goes to stdout, everything else to stderr."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, TextIO

from framework.domain import phrases
from framework.errors import StorageError

visible = phrases.visible


class PatientStream:
    """A stream whose reader may go away without harm: a closed terminal must not end a job."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes, or forgets."""
        try:
            return self._stream.write(text)
        except (OSError, ValueError):
            return len(text)

    def flush(self) -> None:
        """Flushes, or forgets."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class SayingHandler(logging.Handler):
    """Says log records on stderr, wherever stderr goes at that time."""

    def emit(self, record: logging.LogRecord) -> None:
        """Says one record."""
        say(visible(self.format(record)))


def open_standard_streams() -> None:
    """Makes sure that all three are open and take any text.

    A process started with `>&-` would hand descriptor 1 to the next file that it opens, and
    whatever writes to stdout would write there.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free descriptor: this one
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


@contextmanager
def warnings_said() -> Iterator[None]:
    """Says the warnings of our own log on stderr."""
    log = logging.getLogger("framework")
    handler = SayingHandler(logging.WARNING)
    handler.setFormatter(logging.Formatter("warning: %(message)s"))
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)


def say_everything() -> None:
    """Says all of our own log, with times, for `-v`."""
    log = logging.getLogger("framework")
    log.setLevel(logging.DEBUG)
    for handler in log.handlers:
        if isinstance(handler, SayingHandler):
            handler.setLevel(logging.DEBUG)
            handler.setFormatter(
                logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
            )


@contextmanager
def result_only() -> Iterator[None]:
    """Keeps stdout for the result: what plugins and libraries print goes to stderr."""
    with redirect_stdout(sys.stderr):
        yield


def say(text: str) -> None:
    """Writes lines to stderr, whether or not somebody reads them."""
    stream = PatientStream(sys.stderr)
    stream.write(f"{text}\n")
    stream.flush()


def write_result(data: bytes) -> bool:
    """Writes the command's result to stdout, all of it.

    Returns:
        Whether somebody reads it. A reader that has gone away, as `head` does, is no error.

    Raises:
        StorageError: It can't be written.
    """
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return True
    except OSError as error:
        # What is still in the buffer must go somewhere when the interpreter flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if not isinstance(error, BrokenPipeError):
            reason = (error.strerror or type(error).__name__).lower()
            raise StorageError(f"the result can't be written to stdout: {reason}") from error
        return False


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123  lives as long as we do
