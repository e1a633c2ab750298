"""What conda's way to write a package and its versions means.

The grammar is conda's "package match specification": `name`, `name=1.2` (any 1.2.x), `name==1.2`,
`name>=1,<2|3.*`, `name 1.2.* build`, `channel::name`, `name[version='>=1']`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet

_SPEC = re.compile(
    r"""(?:(?P<channel>[^\s:=<>!~\[\]]+(?:/[^\s:]+)?)::?(?::[^\s:]*:)?)?
        (?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)
        \s*(?P<rest>.*)""",
    re.VERBOSE,
)
_BRACKETS = re.compile(r"\[(?P<inside>[^\]]*)\]\s*$")
_VERSION_IN_BRACKETS = re.compile(r"version\s*=\s*(?P<quote>['\"]?)(?P<version>[^'\"]*)(?P=quote)")
_OPERATOR = re.compile(r"(?P<operator>[=!<>~]=?|)\s*(?P<version>[^\s=<>!~]+)")
_PATCH = re.compile(r"(?P<minor>\d+\.\d+)\.[\w.]*\d[\w.]*")


@dataclass(frozen=True, slots=True)
class CondaSpec:
    """A package as a conda file names it.

    Attributes:
        name: In lower case.
        versions: As PEP 440 writes them, alternatives with `|` between them; empty for any.
    """

    name: str
    versions: str


def parse_conda(text: str) -> CondaSpec:
    """Reads one dependency of a conda file.

    Raises:
        ValueError: It is none; says why.
    """
    match = _SPEC.fullmatch(text.partition(" #")[0].strip())
    if match is None:
        raise ValueError("is no package")
    rest = match["rest"].strip()
    brackets = _BRACKETS.search(rest)
    if brackets is not None:
        inside = _VERSION_IN_BRACKETS.search(brackets["inside"])
        rest = rest[: brackets.start()].strip() or (inside["version"] if inside else "")
    return CondaSpec(match["name"].lower(), "|".join(_alternatives(rest)))


def _alternatives(versions: str) -> list[str]:
    if not versions or versions == "*":
        return []
    return [_specifier(part) for part in versions.split("|")]


def _specifier(part: str) -> str:
    found = []
    for clause in part.split(","):
        match = _OPERATOR.match(clause.strip())
        if match is None:
            raise ValueError(f"has no version that can be read: {clause.strip()!r}")
        found.append(_clause(match["operator"], match["version"]))
    text = ",".join(each for each in found if each)
    try:
        return str(SpecifierSet(text)) and text
    except InvalidSpecifier:
        raise ValueError(f"has no version that can be read: {part.strip()!r}") from None


def _clause(operator: str, version: str) -> str:
    """One condition: conda's `=1.2` and `1.2*` mean any 1.2.x, as `==1.2.*` does elsewhere."""
    if version == "*":
        return ""
    if operator == "=" or (operator in {"", "=="} and version.endswith("*")):
        return f"=={version.rstrip('*').rstrip('.')}.*"
    if operator in {"<", "<=", ">", ">=", "!="} and version.endswith(".*") and operator != "!=":
        version = version.removesuffix(".*")
    return f"{operator or '=='}{version}"


def without_patch(versions: str) -> str:
    """The same, with any patch version where one is asked for: `==3.8.5.*` becomes `==3.8.*`."""
    parts = []
    for alternative in versions.split("|"):
        clauses = [_any_patch(clause.strip()) for clause in alternative.split(",")]
        parts.append(",".join(clauses))
    return "|".join(parts)


def _any_patch(clause: str) -> str:
    if not clause.startswith("=="):
        return clause
    version = clause.lstrip("=").removesuffix(".*")
    match = _PATCH.fullmatch(version)
    minor = match["minor"] if match else version
    return f"=={minor}.*" if minor.count(".") == 1 else clause
