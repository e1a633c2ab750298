"""Checking what is about to be written, and saying of each problem where it was given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from framework.config.checking import check_file
from framework.config.editing.addresses import Address
from framework.config.editing.assignments import SET
from framework.config.editing.document import Document
from framework.config.editing.incoming import Incoming
from framework.config.schema import Key
from framework.config.texts import Lined
from framework.config.yaml_files import shown_path
from framework.errors import ConfigurationError, Problem

_READ_AS = re.compile(r"^(?:settings|compute|environment)\.")
"""Where a file's root stands in the settings, and Azure ML's `settings` at the root."""


def check_document(
    document: Document,
    address: Address,
    path: Path,
    *,
    incoming: Incoming | None,
    keys_set: Iterable[Key],
) -> tuple[str, ...]:
    """Checks a document as composition will read it.

    Args:
        document: What is to be written.
        address: What it describes.
        path: The file that it is to become.
        incoming: The file that was given, if one was.
        keys_set: What `--set` has set.

    Returns:
        What people should be told of it.

    Raises:
        ConfigurationError: All that is wrong with it, each with the place where it was given.
    """
    findings = check_file(
        address.kind, document.data, name=address.name, endpoint=address.endpoint, path=path
    )
    by_hand = [".".join(key) for key in keys_set]
    problems = [_placed(each, incoming, by_hand, path) for each in findings.problems]
    if problems:
        raise ConfigurationError(*dict.fromkeys(problems))
    return findings.notices


def _placed(problem: Problem, incoming: Incoming | None, by_hand: list[str], path: Path) -> Problem:
    if not problem.source.startswith(shown_path(path)):
        return problem
    if any(_is_about(problem.key, key) for key in by_hand):
        return replace(problem, source=SET)
    if incoming is None:
        return problem if path.exists() else replace(problem, source="")
    line = next(_lines(incoming.data, problem.key), None)
    return replace(problem, source=incoming.shown if line is None else f"{incoming.shown}:{line}")


def _is_about(key: str, other: str) -> bool:
    """Whether a problem with a key comes from setting another one, at it, above or below."""
    one, *more = sorted({_READ_AS.sub("", each) for each in (key, other)}, key=len)
    return not more or more[0].startswith(f"{one}.")


def _lines(data: Lined, key: str) -> Iterator[int]:
    """Lines that a key may stand in: itself, or below what reading takes away."""
    parts = tuple(key.split("."))
    for candidate in (parts, ("settings", *parts), parts[1:]):
        line = _deepest_line(data, candidate)
        if line is not None:
            yield line


def _deepest_line(data: Lined, key: Key) -> int | None:
    line = None
    place: object = data
    for part in key:
        if not isinstance(place, Lined) or part not in place:
            break
        line, place = place.lines.get(part), place[part]
    return line
