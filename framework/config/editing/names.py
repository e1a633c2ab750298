"""Names of what the registry holds: each becomes the name of a file, and must stay one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from framework.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_ENDPOINT = re.compile(r"[a-zA-Z](?:[-a-zA-Z0-9]{1,30}[a-zA-Z0-9])")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RESERVED = frozenset({"latest", "current"})
_LONGEST_SHOWN = 60


def check_new_name(kind: str, name: str, known: Iterable[str] = ()) -> None:
    """Makes sure that a name can be given to something new.

    Args:
        kind: Such as `endpoint`.
        name: The name.
        known: The names of others of its kind.

    Raises:
        UsageError: It can't; says what a name takes.
    """
    if kind == "endpoint":
        takes = (
            "3 to 32 letters, digits and hyphens, beginning with a letter and not ending with a "
            "hyphen"
        )
        is_name = _ENDPOINT.fullmatch(name) is not None
    else:
        takes = "up to 128 letters, digits and '-_.', beginning with none of '-.', without '..'"
        is_name = _NAME.fullmatch(name) is not None and ".." not in name
    if not is_name:
        raise UsageError(f"{_shown(name)} is no name for {_article(kind)}: it takes {takes}")
    if kind == "environment" and name in _RESERVED:
        raise UsageError(f"{name!r} has a meaning of its own, and is no name for an environment")
    twin = next((each for each in known if each != name and each.lower() == name.lower()), None)
    if twin is not None:
        raise UsageError(
            f"{kind} {name!r} differs from {twin!r} only in case: some disks can't hold both"
        )


def check_version(version: str) -> None:
    """Makes sure that a text can be a version.

    Raises:
        UsageError: It can't.
    """
    if not _VERSION.fullmatch(version) or ".." in version or version in _RESERVED:
        raise UsageError(
            f"{_shown(version)} is no version: it takes up to 64 letters, digits and '-_.', "
            "beginning with a letter or a digit, without '..'"
        )


def is_plain(name: str) -> bool:
    """Whether a name can only mean a file in its own folder."""
    return bool(name) and not name.startswith(".") and not set(name) & set("/\\\0")


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _shown(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[: _LONGEST_SHOWN - 3]}..."
