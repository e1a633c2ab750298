"""The job's snapshot of the code folder: what is retried or resumed runs the code that was."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath

from pathspec import GitIgnoreSpec

from framework.errors import UsageError
from framework.storage import Store
from framework.storage.os_errors import shown

CODE = "code"
MAX_BYTES = 50_000_000
MAX_FILES = 10_000
_IGNORE_FILES = (".amlignore", ".gitignore")
_NEVER = ("__pycache__/", "*.pyc", ".git/", ".venv*/", ".ipynb_checkpoints/", ".mypy_cache/")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def take_snapshot(code: Path, *, leave_out: Sequence[Path], always: Sequence[str]) -> bytes:
    """The code folder as a zip archive: the same bytes for the same content.

    What `.amlignore` names, or `.gitignore` where there is none, is left out, as Azure ML does.

    Args:
        code: The folder.
        leave_out: Folders and files that are not code wherever they lie: input, model, workspace.
        always: Paths below the folder that are in it whatever the ignore files say.

    Raises:
        UsageError: It is too large to be code, or can't be read.
    """
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as snapshot:
        for name in _bounded(code, _files(code, leave_out, always)):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o755 << 16
            snapshot.writestr(entry, _read(code, name))
    return archive.getvalue()


def changed_since(archive: bytes, present: bytes) -> list[str]:
    """What is different in a later snapshot: `score.py has changed`, `new.py is new`."""
    was, is_now = _sums(archive), _sums(present)
    found = [f"{name} has changed" for name in was if is_now.get(name, was[name]) != was[name]]
    found += [f"{name} is gone" for name in was if name not in is_now]
    return found + [f"{name} is new" for name in is_now if name not in was]


def _sums(archive: bytes) -> dict[str, tuple[int, int]]:
    if not archive:
        return {}
    with zipfile.ZipFile(BytesIO(archive)) as snapshot:
        return {entry.filename: (entry.CRC, entry.file_size) for entry in snapshot.infolist()}


def _bounded(code: Path, names: Iterator[str]) -> list[str]:
    """The names in order, once it is clear that they are those of code."""
    kept: list[str] = []
    size = 0
    for name in names:
        kept.append(name)
        size += (code / name).stat().st_size
        if size > MAX_BYTES or len(kept) > MAX_FILES:
            what = f"{MAX_BYTES // 1_000_000} MB" if size > MAX_BYTES else f"{MAX_FILES:,} files"
            raise _problem(code, f"{code} holds more than {what}, the last being {shown(name)}")
        if name.encode("utf-8", "replace").decode() != name:
            raise _problem(code, f"{code}: the name of {shown(name)} is no UTF-8")
    return sorted(kept)


def _read(code: Path, name: str) -> bytes:
    try:
        return (code / name).read_bytes()
    except OSError as error:
        raise _problem(code, f"{code}: {name} can't be read ({error.strerror})") from error


def _problem(code: Path, message: str) -> UsageError:
    return UsageError(
        f"code_configuration.code: {message}; name what is not code in {code / '.amlignore'}"
    )


def store_snapshot(workspace: Store, archive: bytes) -> str:
    """Puts an archive into the workspace, under a name made of its content; returns its path."""
    path = f"{CODE}/{hashlib.sha256(archive).hexdigest()}.zip"
    local = workspace.local_path(path)
    if not workspace.exists(path):
        workspace.write(path, archive)
    elif local is not None:
        os.utime(local)  # as good as new: `doctor --clean` removes old ones that no job refers to
    return path


def _files(code: Path, leave_out: Sequence[Path], always: Sequence[str]) -> Iterator[str]:
    ignored = _ignored(code)
    apart = {os.path.realpath(path) for path in leave_out}
    above = {folder.as_posix() for name in always for folder in PurePosixPath(name).parents}
    for folder, folders, files in os.walk(code, followlinks=True):
        base = Path(folder)
        folders[:] = [
            name
            for name in folders
            if _is_code(base / name, apart) and _is_kept(base / name, code, ignored, above)
        ]
        for name in files:
            path = base / name
            relative = path.relative_to(code).as_posix()
            is_kept = relative in always or not ignored.match_file(relative)
            if is_kept and os.path.realpath(path) not in apart and path.is_file():
                yield relative


def _is_code(folder: Path, apart: set[str]) -> bool:
    return os.path.realpath(folder) not in apart and not (folder / "pyvenv.cfg").exists()


def _is_kept(folder: Path, code: Path, ignored: GitIgnoreSpec, above: set[str]) -> bool:
    relative = folder.relative_to(code)
    if relative.as_posix() not in above and ignored.match_file(f"{relative.as_posix()}/"):
        return False
    on_the_way = {os.path.realpath(code / parent) for parent in relative.parents}
    return os.path.realpath(folder) not in on_the_way  # else a link leads round in a circle


def _ignored(code: Path) -> GitIgnoreSpec:
    for name in _IGNORE_FILES:
        if (code / name).is_file():
            lines = (code / name).read_text(encoding="utf-8", errors="replace").splitlines()
            return GitIgnoreSpec.from_lines([*_NEVER, *lines])
    return GitIgnoreSpec.from_lines(_NEVER)
