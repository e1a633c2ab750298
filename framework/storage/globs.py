"""Globs: `*`, `?`, `[...]` within a name, `**` across folders, `{a,b}` for choices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import product

_MAGIC = re.compile(r"[*?\[{]")
_NOT_HIDDEN = r"(?!\.)"
_MOST_CHOICES = 1_000


def is_glob(text: str) -> bool:
    """Whether the text has anything that a glob gives a meaning."""
    return _MAGIC.search(text) is not None


def expand_braces(pattern: str) -> list[str]:
    """The patterns that a pattern's `{a,b}` stand for; braces without a comma stand for themselves.

    Raises:
        ValueError: There are too many of them.
    """
    pieces: list[list[str]] = []
    rest = pattern
    while rest:
        literal, choices, rest = _next_braces(rest)
        pieces.append([literal])
        if choices:
            pieces.append([each for choice in choices for each in expand_braces(choice)])
        count = 1
        for piece in pieces:
            count *= len(piece)
        if count > _MOST_CHOICES:
            raise ValueError(f"the braces stand for more than {_MOST_CHOICES} patterns")
    return ["".join(parts) for parts in product(*pieces)]


def _next_braces(text: str) -> tuple[str, list[str], str]:
    """Splits at the first braces that hold a choice: before them, the choices, after them."""
    start = text.find("{")
    while start >= 0:
        depth, choices, begin = 0, [], start + 1
        for place in range(start, len(text)):
            character = text[place]
            depth += (character == "{") - (character == "}")
            if (character == "," and depth == 1) or depth == 0:
                choices.append(text[begin:place])
                begin = place + 1
            if depth == 0:
                break
        if depth == 0 and len(choices) > 1:
            return text[:start], choices, text[begin:]
        start = text.find("{", start + 1)
    return text, [], ""


class Glob:
    """Files by a pattern for their whole path, as a shell reads it.

    `*` does not match a leading dot, nor a slash; `**` as a whole name stands for any folders,
    and at the end for all files below. A slash at the end means all files below, too.

    Args:
        pattern: The path's pattern, without a leading slash.

    Attributes:
        base: The longest folder before the first name that is a pattern.
        hidden: Whether hidden names can match.
    """

    def __init__(self, pattern: str) -> None:
        if pattern.endswith("/"):
            pattern += "**"
        self._choices = [_names_of(each) for each in expand_braces(pattern)]
        self._files = _compiled(_path_pattern(names) for names in self._choices)
        self.base = _common_base(self._choices)
        self.hidden = any(name.startswith(".") for names in self._choices for name in names)
        self._levels = [[_level(name) for name in names] for names in self._choices]

    def matches(self, path: str) -> bool:
        """Whether a file's path is meant."""
        return self._files.fullmatch(path) is not None

    def may_hold(self, folder: str) -> bool:
        """Whether files below a folder can be meant."""
        names = folder.split("/")
        return any(_leads_into(levels, names) for levels in self._levels)


class PathFilter:
    """Paths that one of several globs covers: itself, or a folder that it lies in.

    A pattern without a slash is matched against each name, one with a slash against the path from
    the start. Hidden names are nothing special.

    Args:
        patterns: The globs.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        stripped = [_relative(each) for pattern in patterns for each in expand_braces(pattern)]
        self._paths = _compiled(_covering(each) for each in stripped if each)

    def matches(self, path: str) -> bool:
        """Whether a file or folder is covered."""
        return self._paths.fullmatch(path) is not None


def _relative(pattern: str) -> str:
    return pattern.removeprefix("./").lstrip("/")


def _covering(pattern: str) -> str:
    names = _names_of(pattern.rstrip("/"))
    anywhere = "" if "/" in pattern.rstrip("/") else "(?:.*/)?"
    return f"{anywhere}{_path_pattern(names, hidden=True)}(?:/.*)?"


def _names_of(pattern: str) -> list[str]:
    names = [name for name in pattern.split("/") if name not in ("", ".")]
    return [
        name
        for name, before in zip(names, ["", *names], strict=False)
        if not (name == before == "**")
    ]


def _common_base(choices: list[list[str]]) -> str:
    bases = []
    for names in choices:
        fixed = [is_glob(name) for name in names[:-1]]
        bases.append(names[: fixed.index(True) if True in fixed else len(fixed)])
    common = bases[0]
    for base in bases[1:]:
        same = [one == other for one, other in zip(common, base, strict=False)]
        common = common[: same.index(False) if False in same else len(same)]
    return "/".join(common)


def _path_pattern(names: list[str], *, hidden: bool = False) -> str:
    folder = r"[^/]+/" if hidden else rf"{_NOT_HIDDEN}[^/]+/"
    pattern = ""
    for name in names[:-1]:
        pattern += f"(?:{folder})*" if name == "**" else f"{_name_pattern(name, hidden)}/"
    last = names[-1] if names else ""
    return pattern + (
        f"(?:{folder})*{folder[:-1]}" if last == "**" else _name_pattern(last, hidden)
    )


def _name_pattern(name: str, hidden: bool = False) -> str:
    pattern, place = "" if hidden or name.startswith(".") or not is_glob(name) else _NOT_HIDDEN, 0
    while place < len(name):
        character = name[place]
        closing = name.find("]", place + 2 + (name[place + 1 : place + 2] in ("!", "^")))
        if character == "*":
            pattern += "[^/]*"
        elif character == "?":
            pattern += "[^/]"
        elif character == "[" and closing > 0:
            pattern += _class_pattern(name[place + 1 : closing])
            place = closing
        else:
            pattern += re.escape(character)
        place += 1
    return pattern


def _class_pattern(members: str) -> str:
    negated = members[0] in "!^"
    members = members[1:] if negated else members
    escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", members)
    return f"(?!/)[{'^' if negated else ''}{escaped}]"


def _level(name: str) -> re.Pattern[str] | None:
    return None if name == "**" else _compiled([_name_pattern(name)])


def _leads_into(levels: list[re.Pattern[str] | None], names: list[str]) -> bool:
    for place, name in enumerate(names):
        if place >= len(levels) - 1 and levels[-1] is not None:
            return False
        level = levels[place]
        if level is None:
            return True
        if level.fullmatch(name) is None:
            return False
    return True


def _compiled(patterns: Iterable[str]) -> re.Pattern[str]:
    try:
        return re.compile("|".join(f"(?:{each})" for each in patterns) or r"(?!)", re.DOTALL)
    except re.error as error:
        raise ValueError(f"not a glob: {error}") from error
