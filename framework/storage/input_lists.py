"""Reading `@list.txt`: one path or URL a line, as people and other programs write them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO, NamedTuple

from framework.domain.redaction import without_signatures
from framework.errors import InputError
from framework.storage.options import NO_OPTIONS, Options
from framework.storage.os_errors import explain, shown
from framework.storage.paths import absolute, local_form

_REFERENCE = "azureml://"
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
    """A list file, read line by line; it may be a pipe, or lie in a store.

    Args:
        path: The list's path or URL, as it was written.
        options: By root URL, what fsspec needs to open it.

    Attributes:
        folder: What relative lines are relative to.
    """

    def __init__(self, path: str, options: Options = NO_OPTIONS) -> None:
        self._is_local = local_form(path) is not None
        self._path = absolute(path) if self._is_local else path
        self._options = options
        self.folder = os.path.dirname(self._path)

    def lines(self) -> Iterator[ListedLine]:
        """The lines that are not blank.

        Raises:
            InputError: The list is not there, can't be read, or has nothing but blank lines.
        """
        name = shown(without_signatures(self._path))
        is_empty = True
        try:
            with self._opened() as stream:
                for number, line in enumerate(_without_bom(stream, name), start=1):
                    if line.strip():
                        is_empty = False
                        text = os.fsdecode(line.rstrip(b"\r\n"))
                        yield ListedLine(self._located(text), f"line {number} of {name}")
        except FileNotFoundError:
            raise InputError(f"the list of inputs is not there: {name}") from None
        except OSError as error:
            raise InputError(explain(error, "reading the list of inputs", self._path)) from error
        if is_empty:
            raise InputError(f"the list of inputs is empty: {name}")

    def _opened(self) -> AbstractContextManager[BinaryIO]:
        if self._is_local:
            return open(self._path, "rb")
        from framework.storage.opening import open_tree

        tree, path = open_tree(self._path, self._options)
        return tree.open_read(path)

    def _located(self, text: str) -> str:
        """A line of a list in a store is relative to the list's folder there."""
        if text[: len(_REFERENCE)].lower() == _REFERENCE:
            return self._referred(text)
        is_relative = local_form(text) == text and not text.startswith("/")
        return f"{self.folder}/{text}" if is_relative and not self._is_local else text

    def _referred(self, text: str) -> str:
        """A path in a datastore, whose root stands in the options."""
        for prefix, root in self._options.items():
            if prefix[: len(_REFERENCE)].lower() == _REFERENCE and text.startswith(
                f"{prefix}/paths/"
            ):
                return f"{root['root'].rstrip('/')}/{text[len(prefix) + len('/paths/') :]}"
        raise InputError(f"{shown(text)} is in no datastore that is known here")


def _without_bom(stream: BinaryIO, name: str) -> Iterator[bytes]:
    first = stream.readline()
    if first.startswith(_UTF_16):
        raise InputError(f"the list of inputs is UTF-16, and UTF-8 is needed: {name}")
    if first:
        yield first.removeprefix(_BOM)
    yield from stream
