"""Whether a folder can hold a workspace."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path


def check_folder(folder: str) -> tuple[str, int | None]:
    """Tries what a job does in its workspace, and leaves nothing behind.

    Returns:
        What is wrong, or an empty text; and how many bytes are free, where that can be known.
    """
    if "://" in folder and not folder.startswith("file://"):
        return "", None  # a store that only a job looks at
    there = _nearest_folder(Path(folder.removeprefix("file://")))
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=there) as scratch:
            return _try_links(Path(scratch), folder), shutil.disk_usage(there).free
    except OSError as error:
        return f"can't write in {there}: {(error.strerror or 'it failed').lower()}", None


def _nearest_folder(path: Path) -> Path:
    """The folder itself, or the nearest one above it that is there already."""
    return next(each for each in (path, *path.parents) if each.exists())


def _try_links(scratch: Path, folder: str) -> str:
    first = scratch / "first"
    first.write_bytes(b"")
    try:
        os.link(first, scratch / "second")
    except OSError as error:
        reason = (error.strerror or "it failed").lower()
        return f"{folder}: no hard links there, which outputs are created with: {reason}"
    return ""
