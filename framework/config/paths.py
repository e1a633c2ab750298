"""Paths of a configuration made absolute, as seen from where they were written."""

from __future__ import annotations

import os
import re
from pathlib import Path

from framework.domain.homes import at_home
from framework.domain.references import has_reference, literal

_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|azureml:")


def located(text: str, value: str, folder: Path, *, takes_lists: bool) -> str:
    """A path as it is to be kept, absolute where it is one of the local disk.

    Args:
        text: The path as composed, where references to environment variables are unresolved.
        value: The same with the references resolved: it says whether the path is relative.
        folder: What a relative path is relative to.
        takes_lists: Whether `@list.txt` is the list of paths in a file.
    """
    if takes_lists and value.startswith("@") and text.startswith("@"):
        return "@" + located(text[1:], value[1:], folder, takes_lists=False)
    if _ELSEWHERE.match(value) or value.startswith("/"):
        return text
    if value == "~" or value.startswith("~/"):
        return _tidy(literal(at_home("~")) + text[1:]) if text.startswith("~") else text
    return _tidy(f"{literal(str(folder))}/{text}")


def _tidy(text: str) -> str:
    """The same path without `.`, and without `..` where no symbolic link makes that another one."""
    if has_reference(text):
        return text
    path = os.path.normpath(text)
    is_same = os.path.realpath(path) == os.path.realpath(text)
    return path if is_same else str(Path(text))
