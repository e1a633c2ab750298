r"""References to environment variables, `${oc.env:NAME}` or `${oc.env:NAME,default}`.

Composed texts keep them unresolved. They are the only thing in such a text that is not literal; a
backslash in front makes one literal, and backslashes there are written twice, as in OmegaConf.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

_REFERENCE = re.compile(r"(?P<slashes>\\*)\$\{oc\.env:(?P<body>[^{}]*)\}")
_NAME = re.compile(r"[^\s=,]+")


class UnsetError(Exception):
    """An environment variable is not set, or the reference names none."""


def has_reference(text: str) -> bool:
    """Whether a composed text refers to an environment variable."""
    return any(_is_live(match) for match in _REFERENCE.finditer(text))


def is_reference(text: str) -> bool:
    """Whether a composed text is a reference and nothing else."""
    match = _REFERENCE.fullmatch(text)
    return match is not None and _is_live(match)


def literal(text: str) -> str:
    """How a text is written so that no part of it is read as a reference."""
    return _REFERENCE.sub(lambda m: m["slashes"] * 2 + "\\" + m[0][len(m["slashes"]) :], text)


def expand(text: str, environ: Mapping[str, str]) -> str | None:
    """A composed text's value: `None` only for a whole `${oc.env:NAME,null}` that is not set.

    Raises:
        UnsetError: A variable is not set and the reference has no default.
    """
    whole = _REFERENCE.fullmatch(text)
    if whole is not None and not whole["slashes"]:
        return _value(whole["body"], environ)
    return _REFERENCE.sub(lambda match: _replacement(match, environ), text)


def _is_live(match: re.Match[str]) -> bool:
    return len(match["slashes"]) % 2 == 0


def _replacement(match: re.Match[str], environ: Mapping[str, str]) -> str:
    kept = match["slashes"][: len(match["slashes"]) // 2]
    if not _is_live(match):
        return kept + match[0][len(match["slashes"]) :]
    value = _value(match["body"], environ)
    return kept + ("null" if value is None else value)


def _value(body: str, environ: Mapping[str, str]) -> str | None:
    name, comma, default = (part.strip() for part in body.partition(","))
    if not _NAME.fullmatch(name):
        raise UnsetError(f"${{oc.env:{body}}} names no environment variable")
    if name in environ:
        return environ[name]
    if not comma:
        raise UnsetError(f"the environment variable {name!r} is not set")
    if default == "null":
        return None
    is_quoted = len(default) > 1 and default[0] == default[-1] and default[0] in "'\""
    return default[1:-1] if is_quoted else default


class Hidden:
    """A text in which words that no parser has a meaning for stand for something else."""

    def __init__(self) -> None:
        self._mark = f"_{secrets.token_hex(8)}_"
        self._kept: list[str] = []

    def hide(self, text: str) -> str:
        """A word that stands for the text."""
        self._kept.append(text)
        return f"{self._mark}{len(self._kept) - 1}_"

    def hide_references(self, text: str) -> str:
        """The text, with a word in the place of each reference."""
        return _REFERENCE.sub(lambda match: self.hide(match[0]), text)

    def restore(self, value: Any) -> Any:
        """Puts everything back, in texts, lists and mappings alike."""
        if isinstance(value, str):
            back = re.sub(f"{self._mark}([0-9]+)_", lambda m: self._kept[int(m[1])], value)
            return value if back == value else type(value)(back)
        if isinstance(value, list):
            return [self.restore(item) for item in value]
        if isinstance(value, dict):
            items = list(value.items())
            value.clear()
            value.update((self.restore(key), self.restore(item)) for key, item in items)
        return value
