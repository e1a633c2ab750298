"""What is said of a job when it has ended."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from framework.domain import phrases

_REASONS = 3
_LONGEST_REASON = 160
_MOST_LINES = 100_000
_DIGITS = re.compile(r"\d+")
_GAP = "…"


def summary_lines(
    summary: Mapping[str, Any],
    *,
    errors: str,
    failures: Iterable[str],
    seconds: float,
    way_on: str,
    again: str,
) -> Iterator[str]:
    """A job's end in words.

    Args:
        summary: As `job show` prints it.
        errors: Where the record's `errors.jsonl` lies.
        failures: The lines in it, read only if they are needed.
        seconds: How long this command ran the job.
        way_on: What can be done about a job that is not Completed.
        again: The command that scores the failed files again.
    """
    counts, status = summary["counts"], summary["status"]
    parts = [f"{counts['succeeded']:,} of {phrases.files(counts['files'])} ok"]
    if counts["failed"]:
        parts.append(f"{counts['failed']:,} failed")
    not_attempted = counts["files"] - counts["succeeded"] - counts["failed"]
    if not_attempted:
        parts.append(f"{not_attempted:,} not attempted")
    parts.append(f"{counts['rows']:,} row{'' if counts['rows'] == 1 else 's'}")
    yield f"{status}: {', '.join(parts)} in {phrases.duration(seconds)}"
    if status == "Completed" and summary["output"]:
        yield f"output: {summary['output']}"
    reasons = commonest_reasons(failures) if counts["failed"] else []
    if reasons:
        yield from (f"  {phrases.files(count)}: {reason}" for reason, count in reasons)
        yield f"errors: {errors}"
    if status != "Completed":
        yield way_on
    elif counts["failed"]:
        yield f"to score the failed files again: {again}"


def commonest_reasons(failures: Iterable[str]) -> list[tuple[str, int]]:
    """The reasons that most files failed for, with how many, from the first of the errors.

    Messages that differ in the file's name or in numbers only are one reason.
    """
    found: Counter[str] = Counter()
    said: dict[str, str] = {}
    for line in islice(failures, _MOST_LINES):
        failure = _parsed(line)
        reason = str(failure.get("message") or failure.get("kind") or "no reason given")
        pattern = _pattern(reason, failure.get("file"))
        found[pattern] += int(failure.get("count") or 1)
        if said.setdefault(pattern, reason) != reason:
            said[pattern] = pattern
    return [(_shortened(said[pattern]), count) for pattern, count in found.most_common(_REASONS)]


def _pattern(reason: str, file: object) -> str:
    if isinstance(file, str) and file:
        for name in (rf"\S*{re.escape(file)}", re.escape(Path(file).name)):
            reason = re.sub(name, _GAP, reason)
    return _DIGITS.sub(_GAP, reason)


def _parsed(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:  # torn by a kill
        return {}
    return value if isinstance(value, dict) else {}


def _shortened(reason: str) -> str:
    line = " ".join(reason.split())
    return line if len(line) <= _LONGEST_REASON else f"{line[: _LONGEST_REASON - 3]}..."
