"""Compares a job's predictions with the true labels, and fails below 98 % right.

Run it as `python check.py predictions.csv`. It needs nothing but Python.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

HERE = Path(__file__).parent
WANTED = 0.98


def main() -> int:
    """Prints how many digits are right; the result is the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("predictions", type=Path, help="the job's output file")
    parser.add_argument("--labels", type=Path, default=HERE / "labels.csv")
    arguments = parser.parse_args()
    try:
        labels = read(arguments.labels, "label")
        predictions = read(arguments.predictions, "class")
    except (OSError, ValueError) as error:
        return refuse(str(error))

    labelled = dict(labels)
    files = [file for file, _ in predictions]
    if len(set(files)) < len(files):
        return refuse(f"{len(files) - len(set(files))} digits are predicted more than once")
    if set(files) != set(labelled):
        return refuse(f"{len(set(files) ^ set(labelled))} digits are missing, or have no label")

    right = sum(labelled[file] == digit for file, digit in predictions)
    print(f"{right} of {len(files)} digits are right: {right / len(files):.1%}")
    return 0 if right >= WANTED * len(files) else 1


def read(path: Path, column: str) -> list[tuple[str, str]]:
    """The rows of a table with a header, as pairs of file and digit."""
    with path.open(newline="", encoding="utf-8") as table:
        rows = csv.DictReader(table)
        missing = {"file", column}.difference(rows.fieldnames or [])
        if missing:
            raise ValueError(f"{path}: no column {', '.join(sorted(missing))} in its header")
        return [(row["file"], row[column]) for row in rows]


def refuse(message: str) -> int:
    """Says what is wrong with the tables themselves."""
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
