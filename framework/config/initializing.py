"""A new workspace with a commented, working example."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from framework.domain.homes import at_home
from framework.errors import UsageError

_TEMPLATE = "template"


def initialize(directory: str | Path = ".") -> list[Path]:
    """Writes a workspace with an endpoint, a deployment, its script and files to score.

    Returns:
        The files that were written.

    Raises:
        UsageError: A file is there already, or one can't be written. Nothing is overwritten.
    """
    root = Path(at_home(str(directory)))
    template = dict(_template(files(__package__).joinpath(_TEMPLATE), Path()))
    present = [root / path for path in template if _is_there(root / path)]
    if present:
        names = ", ".join(f"'{path}'" for path in present)
        raise UsageError(f"would overwrite {names}: choose an empty folder, or move them away")
    for path, content in template.items():
        _write(root / path, content)
    return [root / path for path in template]


def _template(folder: Traversable, path: Path) -> Iterator[tuple[Path, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.name == "__pycache__":
            continue
        if entry.is_dir():
            yield from _template(entry, path / entry.name)
        else:
            yield path / entry.name, entry.read_bytes()


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            stream.write(content)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UsageError(f"can't write '{path}': {reason}") from error
