"""Values that stand for a file's content where its path could stand: conda files, requirements.

pip puts environment variables into its lines by itself, from `${NAME}`. References in lines for pip
stay such references, so that what is stored of an environment, and what is built of it, has no
secrets.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from framework.config.schema import Field, Kind
from framework.config.values import WrongValueError
from framework.domain.references import expand
from framework.environments import located_line

_INLINE = frozenset({Kind.FILE_OR_MAPPING, Kind.FILE_OR_TEXTS})
_PIP = "pip"
_REFERENCE = re.compile(r"(?<!\\)\$\{oc\.env:\s*(?P<name>[^{},]*?)\s*(?:,(?P<default>[^{}]*))?\}")
_KNOWN_TO_PIP = re.compile(r"[A-Z0-9_]+")


def is_inline(field: Field, written: Any) -> bool:
    """Whether a settled value is the content of a file, and no path."""
    return field.kind in _INLINE and isinstance(written, list | dict)


def located_inline(written: Any, folder: Path | None) -> Any:
    """The same content, with absolute paths in its lines for pip."""
    if folder is None:
        return written
    return _mapped(written, lambda line: located_line(line, folder))


def expanded_inline(written: Any) -> Any:
    """The same content as it is used: references are resolved, those in lines for pip by pip."""
    return _mapped(written, _for_pip, _expanded)


def _for_pip(line: str) -> str:
    return _REFERENCE.sub(_pip_reference, line)


def _pip_reference(match: re.Match[str]) -> str:
    name, default = match["name"], match["default"]
    if name not in os.environ:
        return expand(match[0], os.environ) or "" if default is not None else _unset(match[0])
    if not _KNOWN_TO_PIP.fullmatch(name):
        raise WrongValueError(f"pip reads variables with capital names only, and {name} is none")
    return f"${{{name}}}"


def _unset(reference: str) -> str:
    return expand(reference, {}) or ""  # raises: it is not set


def _expanded(text: str) -> Any:
    return expand(text, os.environ)


def _mapped(
    written: Any, line: Callable[[str], Any], other: Callable[[str], Any] = lambda text: text
) -> Any:
    """Applies functions to the lines for pip, and to all other texts."""
    if isinstance(written, list):
        return [_item(each, line, line) for each in written]
    return {
        key: [_dependency(each, line, other) for each in value]
        if key == "dependencies" and isinstance(value, list)
        else _item(value, other, other)
        for key, value in written.items()
    }


def _dependency(item: Any, line: Callable[[str], Any], other: Callable[[str], Any]) -> Any:
    if isinstance(item, dict):
        return {
            key: _item(value, line if key == _PIP else other, other) for key, value in item.items()
        }
    return _item(item, other, other)


def _item(value: Any, text: Callable[[str], Any], other: Callable[[str], Any]) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return [_item(each, text, other) for each in value]
    if isinstance(value, dict):
        return {key: _item(each, other, other) for key, each in value.items()}
    return value
