"""Reading `@list.txt`: one path or URL a line, as people and other programs write them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from framework.errors import InputError
from framework.storage.os_errors import explain, shown
from framework.storage.paths import absolute

_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class ListedLine(NamedTuple):
    """One line of a list.

    Attributes:
        text: The path or URL, as it was written.
        place: The list's name and the line's number, as they stand in messages.
    """

    text: str
    place: str


class InputList:
    """A list file, read line by line; it may be a pipe.

    Args:
        path: The list's path, as it was written.

    Attributes:
        folder: What relative lines are relative to.
    """

    def __init__(self, path: str) -> None:
        self._path = absolute(path)
        self.folder = os.path.dirname(self._path)

    def lines(self) -> Iterator[ListedLine]:
        """The lines that are not blank.

        Raises:
            InputError: The list is not there, can't be read, or has nothing but blank lines.
        """
        name = shown(self._path)
        is_empty = True
        try:
            with open(self._path, "rb") as stream:
                for number, line in enumerate(_without_bom(stream, name), start=1):
                    if line.strip():
                        is_empty = False
                        text = os.fsdecode(line.rstrip(b"\r\n"))
                        yield ListedLine(text, f"line {number} of {name}")
        except FileNotFoundError:
            raise InputError(f"the list of inputs is not there: {name}") from None
        except OSError as error:
            raise InputError(explain(error, "reading the list of inputs", self._path)) from error
        if is_empty:
            raise InputError(f"the list of inputs is empty: {name}")


def _without_bom(stream: BinaryIO, name: str) -> Iterator[bytes]:
    first = stream.readline()
    if first.startswith(_UTF_16):
        raise InputError(f"the list of inputs is UTF-16, and UTF-8 is needed: {name}")
    if first:
        yield first.removeprefix(_BOM)
    yield from stream
