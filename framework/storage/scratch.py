"""How fetched files lie in scratch space: under their own names, in their own folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from posixpath import normpath


def scratch_names(paths: Sequence[str]) -> list[str]:
    """Where each file of a mini-batch goes, relative to the mini-batch's folder.

    Base names and relative folders stay as they are. A store of objects may have both `a` and
    `a/b`, or `a//b`, or `/a`, which no disk has: what would clash goes below a folder of its own.
    """
    files: set[str] = set()
    folders: set[str] = set()
    names = []
    for place, path in enumerate(normpath(path).lstrip("/") for path in paths):
        above = set(_folders_above(path))
        clashes = path in files or path in folders or not files.isdisjoint(above)
        names.append(f"{place}/{path}" if clashes else f"files/{path}")
        if not clashes:
            files.add(path)
            folders |= above
    return names


def _folders_above(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
