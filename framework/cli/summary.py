"""What is said of a job when it has ended."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from framework.domain import phrases

_REASONS = 3
_LONGEST_REASON = 160
_MOST_LINES = 100_000


def summary_lines(
    summary: Mapping[str, Any], *, errors: Path, seconds: float, way_on: str
) -> Iterator[str]:
    """A job's end in words.

    Args:
        summary: As `job show` prints it.
        errors: The record's `errors.jsonl`.
        seconds: How long this command ran the job.
        way_on: What can be done about a job that is not Completed.
    """
    counts, status = summary["counts"], summary["status"]
    parts = [f"{counts['succeeded']:,} of {phrases.files(counts['files'])} ok"]
    if counts["failed"]:
        parts.append(f"{counts['failed']:,} failed")
    parts.append(f"{counts['rows']:,} row{'' if counts['rows'] == 1 else 's'}")
    yield f"{status}: {', '.join(parts)} in {phrases.duration(seconds)}"
    if status == "Completed" and summary["output"]:
        yield f"output: {summary['output']}"
    if counts["failed"] and errors.is_file():
        yield from (
            f"  {phrases.files(count)}: {reason}" for reason, count in commonest_reasons(errors)
        )
        yield f"errors: {errors}"
    if status != "Completed":
        yield way_on
    elif counts["failed"]:
        failed = errors.with_name("failed_inputs.txt")
        yield f"to score the failed files again: the same command with input=@{failed}"


def commonest_reasons(errors: Path) -> list[tuple[str, int]]:
    """The reasons that most files failed for, with how many, from the first of the errors."""
    found: Counter[str] = Counter()
    with errors.open(encoding="utf-8", errors="surrogateescape") as lines:
        for line, _ in zip(lines, range(_MOST_LINES), strict=False):
            failure = _parsed(line)
            reason = str(failure.get("message") or failure.get("kind") or "no reason given")
            found[_shortened(reason)] += int(failure.get("count") or 1)
    return found.most_common(_REASONS)


def _parsed(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:  # torn by a kill
        return {}
    return value if isinstance(value, dict) else {}


def _shortened(reason: str) -> str:
    line = " ".join(reason.split())
    return line if len(line) <= _LONGEST_REASON else f"{line[: _LONGEST_REASON - 3]}..."
