"""The lines of a requirements file: what each of them is, and whether pip would take it.

The format is pip's, "Requirements file format": requirements, options, paths, URLs, comments that
begin with ` #`, and lines that go on after a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from framework.domain.suggestions import did_you_mean
from framework.environments.entries import Entry

_COMMENT = re.compile(r"(?:^|\s+)#.*$")
_OPTION = re.compile(r"(?P<name>--?[A-Za-z][A-Za-z-]*)(?:\s*=\s*|\s+|$)(?P<value>.*)")
_SINGLE_EQUALS = re.compile(r"[A-Za-z0-9._-]+(?:\[[^\]]*\])?\s*=\s*[^=\s]")
_PER_REQUIREMENT = re.compile(r"\s--(?:hash|config-settings|global-option|install-option)[ =]")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_SHORT = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "-f": "--find-links",
    "--pypi-url": "--index-url",
}
_WITH_VALUE = frozenset(
    {
        "--requirement",
        "--constraint",
        "--editable",
        "--index-url",
        "--extra-index-url",
        "--find-links",
        "--no-binary",
        "--only-binary",
        "--trusted-host",
        "--use-feature",
    }
)
_FLAGS = frozenset({"--no-index", "--pre", "--prefer-binary", "--require-hashes"})


class LineKind(Enum):
    """What a line asks for."""

    REQUIREMENT = "a package by its name"
    LOCAL = "a file or folder on this machine"
    REMOTE = "a URL"
    OPTION = "an option of pip's"
    FILE = "another file of requirements"
    CONSTRAINTS = "a file of constraints"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementLine:
    """One line, understood.

    Attributes:
        kind: What it asks for.
        entry: Where it stands.
        text: As pip is given it.
        name: The package's canonical name, where the line has it.
        path: The path that it names, as it was written; empty for none.
        option: The option's long name, or empty.
    """

    kind: LineKind
    entry: Entry
    text: str
    name: str = ""
    path: str = ""
    option: str = ""


def joined_lines(text: str, source: str) -> Iterator[Entry]:
    """The entries of a requirements file: without comments, continued lines in one."""
    begun, begun_at = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        begun_at = begun_at or number
        is_comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment:
            begun += line[:-1] + " "
            continue
        yield from _entry(begun + line, source, begun_at)
        begun, begun_at = "", 0
    yield from _entry(begun, source, begun_at)


def _entry(text: str, source: str, line: int) -> Iterable[Entry]:
    bare = _COMMENT.sub("", text).strip()
    return [Entry(bare, source, line)] if bare else []


def parse_line(entry: Entry) -> RequirementLine:
    """Understands one line.

    Raises:
        ValueError: pip would not take it; says why.
    """
    text = _COMMENT.sub("", entry.text).strip()
    if not text:
        raise ValueError("is empty")
    if "\n" in text or "\r" in text:
        raise ValueError("must be one line")
    if text.startswith("-"):
        return _option(entry, text)
    is_url = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text) is not None
    if is_url and not text.startswith("file://"):
        return RequirementLine(kind=LineKind.REMOTE, entry=entry, text=text)
    if is_url or _is_path(text):
        path = text.partition(";")[0].strip()
        return RequirementLine(kind=LineKind.LOCAL, entry=entry, text=text, path=path)
    return _requirement(entry, text)


def _is_path(text: str) -> bool:
    first = re.split(r"[\s;@]", text, maxsplit=1)[0]
    return (
        first in {".", ".."}
        or first.startswith(("./", "../", "/", "~"))
        or "/" in first.partition("[")[0]
        or first.lower().endswith(_ARCHIVES)
    )


def _option(entry: Entry, text: str) -> RequirementLine:
    if re.match(r"-[rcefi][^\s=-]", text):  # as in -rfile.txt
        text = f"{text[:2]} {text[2:]}"
    match = _OPTION.fullmatch(text)
    name = _SHORT.get(match["name"], match["name"]) if match else text
    if match is None or name not in _WITH_VALUE | _FLAGS:
        raise ValueError(f"no option of requirements{did_you_mean(name, _WITH_VALUE | _FLAGS)}")
    value = match["value"].strip().strip("'\"")
    if name in _FLAGS:
        if value:
            raise ValueError(f"{name} takes no value")
        return RequirementLine(kind=LineKind.OPTION, entry=entry, text=name, option=name)
    if not value:
        raise ValueError(f"{name} needs a value")
    kind = {"--requirement": LineKind.FILE, "--constraint": LineKind.CONSTRAINTS}.get(name)
    if name == "--editable":
        is_remote = "://" in value and not value.startswith("file://")
        kind = LineKind.REMOTE if is_remote else LineKind.LOCAL
        return RequirementLine(kind=kind, entry=entry, text=value, path=value, option=name)
    path = value if kind or (name == "--find-links" and "://" not in value) else ""
    return RequirementLine(
        kind=kind or LineKind.OPTION, entry=entry, text=f"{name} {value}", path=path, option=name
    )


def _requirement(entry: Entry, text: str) -> RequirementLine:
    bare = _PER_REQUIREMENT.split(text, maxsplit=1)[0].strip()
    try:
        requirement = Requirement(bare)
    except InvalidRequirement as error:
        if _SINGLE_EQUALS.match(bare):
            fixed = re.sub(r"\s*=\s*", "==", bare, count=1)
            raise ValueError(f"is conda's way to write it; pip's is {fixed}") from None
        reason = str(error).partition("\n")[0].lower()
        raise ValueError(f"is no requirement: {reason}") from None
    name = canonicalize_name(requirement.name)
    url = requirement.url or ""
    if url.startswith("file:"):
        return RequirementLine(kind=LineKind.LOCAL, entry=entry, text=text, name=name, path=url)
    return RequirementLine(kind=LineKind.REQUIREMENT, entry=entry, text=text, name=name)
