r"""References to environment variables, `${oc.env:NAME}` or `${oc.env:NAME,default}`.

Composed texts keep them unresolved. They are the only thing in such a text that is not literal; a
backslash in front makes one literal, and backslashes there are written twice, as in OmegaConf.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

REFERENCE = re.compile(r"(?P<slashes>\\*)\$\{oc\.env:(?P<body>[^{}]*)\}")
_NAME = re.compile(r"[^\s=,]+")


class UnsetError(Exception):
    """An environment variable is not set, or the reference names none."""


def has_reference(text: str) -> bool:
    """Whether a composed text refers to an environment variable."""
    return any(_is_live(match) for match in REFERENCE.finditer(text))


def is_reference(text: str) -> bool:
    """Whether a composed text is a reference and nothing else."""
    match = REFERENCE.fullmatch(text)
    return match is not None and _is_live(match)


def literal(text: str) -> str:
    """How a text is written so that no part of it is read as a reference."""
    return REFERENCE.sub(lambda m: m["slashes"] * 2 + "\\" + m[0][len(m["slashes"]) :], text)


def expand(text: str, environ: Mapping[str, str]) -> str | None:
    """A composed text's value: `None` only for a whole `${oc.env:NAME,null}` that is not set.

    Raises:
        UnsetError: A variable is not set and the reference has no default.
    """
    whole = REFERENCE.fullmatch(text)
    if whole is not None and not whole["slashes"]:
        return _value(whole["body"], environ)
    return REFERENCE.sub(lambda match: _replacement(match, environ), text)


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


def names_in(value: Any) -> Iterator[str]:
    """The environment variables that the texts in a value refer to, in any depth."""
    if isinstance(value, str):
        for match in REFERENCE.finditer(value):
            if _is_live(match):
                yield match["body"].partition(",")[0].strip()
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from names_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from names_in(item)


def expanded(value: Any, environ: Mapping[str, str]) -> Any:
    """A value with all texts in it expanded, in any depth.

    Raises:
        UnsetError: A variable is not set and the reference has no default.
    """
    if isinstance(value, str):
        return expand(value, environ)
    if isinstance(value, Mapping):
        return {key: expanded(item, environ) for key, item in value.items()}
    if isinstance(value, list):
        return [expanded(item, environ) for item in value]
    if isinstance(value, tuple):
        return tuple(expanded(item, environ) for item in value)
    return value
