"""Which files a short result leaves out, told from the paths or names in its rows."""

from __future__ import annotations

import os
from typing import Any


def missing_files(columns: list[str], rows: list[Any], files: list[str]) -> list[str] | None:
    """The files that no row names.

    Args:
        columns: The rows' columns.
        rows: One for each item that succeeded.
        files: The mini-batch's paths relative to the input's root.

    Returns:
        The files left out, in order; `None` where no column names a file in each of its rows, or
        where the names do not add up to the number of failures.
    """
    if len(rows) >= len(files):
        return []
    if not rows:
        return list(files)
    by_name = _by_name(files)
    for place in range(len(columns)):
        named = {_file_of(row[place], by_name) if place < len(row) else None for row in rows}
        if None not in named and len(named) == len(rows):
            return [file for file in files if file not in named]
    return None


def _by_name(files: list[str]) -> dict[str, str | None]:
    """Each file by its path and by its base name; `None` where two files share the name."""
    names: dict[str, str | None] = {}
    for file in files:
        name = file.rsplit("/", 1)[-1]
        names[name] = None if name in names else file
    names.update((file, file) for file in files)
    return names


def _file_of(cell: Any, by_name: dict[str, str | None]) -> str | None:
    """The file that a cell names by its path, its name, or a local path that ends in either."""
    if not isinstance(cell, (str, os.PathLike)):
        return None
    path = os.fspath(cell)
    while isinstance(path, str):
        if path in by_name:
            return by_name[path]
        _, slash, path = path.partition("/")
        if not slash:
            return None
    return None
