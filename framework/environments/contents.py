"""What is in a file or folder, in one checksum."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_LEFT_OUT = frozenset(
    {".git", "__pycache__", ".venv", "venv", "build", "dist", ".mypy_cache", ".ruff_cache", ".nox"}
)


def fingerprint_of(path: Path) -> str:
    """The SHA-256 over a file, or over all files of a folder but caches and what builds leave.

    Raises:
        ValueError: It can't be read; says why.
    """
    total = hashlib.sha256()
    try:
        for file in _files(path):
            name = os.fsencode(file.relative_to(path))
            with file.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").digest()
            total.update(len(name).to_bytes(4, "big") + name + digest)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ValueError(f"can't be read: {error.filename}: {reason}") from None
    return total.hexdigest()


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = []
    for folder, below, names in os.walk(path, onerror=_raise):
        below[:] = [name for name in below if name not in _LEFT_OUT and ".egg-info" not in name]
        files = (Path(folder, name) for name in names)
        found += [file for file in files if file.is_file() and file.suffix != ".pyc"]
    return sorted(found)


def _raise(error: OSError) -> None:
    raise error
