"""The one place where an operating system's errors become ours."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from framework.errors import StorageError

_LONGEST_SHOWN = 300


def shown(path: str) -> str:
    """A path as it may stand in a message: one line, printable anywhere, not endless."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    text = "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def explain(error: OSError, action: str, path: str) -> str:
    """One line that says what the system refused, and where."""
    reason = (error.strerror or str(error) or type(error).__name__).lower()
    return f"{reason} while {action} {shown(path)}"


@contextmanager
def translated(action: str, path: str) -> Iterator[None]:
    """Turns an `OSError` into a `StorageError` that names the path.

    `FileNotFoundError` and `FileExistsError` pass, as the contract of stores says; a folder of the
    path that is a file means that the file isn't there.

    Args:
        action: What was being done, such as `writing`.
        path: What it was done to.
    """
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise
    except NotADirectoryError as error:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from error
    except OSError as error:
        raise StorageError(explain(error, action, path)) from error
