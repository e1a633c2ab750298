"""Whether a folder can hold a workspace."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from pathlib import Path

from framework.errors import FrameworkError
from framework.storage import Store


def check_folder(workspace: Store) -> tuple[str, int | None]:
    """Tries what a job does in its workspace, and leaves nothing behind.

    Returns:
        What is wrong, or an empty text; and how many bytes are free, where that can be known.
    """
    folder = workspace.local_path("")
    if folder is None:
        return _try_store(workspace), None
    there = _nearest_folder(folder)
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=there) as scratch:
            return _try_links(Path(scratch), str(folder)), shutil.disk_usage(there).free
    except OSError as error:
        return f"can't write in {there}: {(error.strerror or 'it failed').lower()}", None


def _try_store(workspace: Store) -> str:
    probe = f".{secrets.token_hex(8)}.probe"
    try:
        workspace.create(probe, b"probe")
        workspace.delete(probe)
        if not workspace.creates_exclusively:
            return f"{workspace.url}: the store can't promise that one of two jobs gets an output"
    except FrameworkError as error:
        return str(error)
    return ""


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
