"""The job's snapshot of the code folder: what is retried or resumed runs the code that was."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from pathspec import GitIgnoreSpec

from framework.errors import UsageError
from framework.storage import Store

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
        UsageError: It is too large to be code.
    """
    archive = BytesIO()
    size = 0
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as snapshot:
        for count, name in enumerate(sorted(_files(code, leave_out, always)), start=1):
            data = (code / name).read_bytes()
            size += len(data)
            _check_size(code, name, size, count)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o755 << 16
            snapshot.writestr(entry, data)
    return archive.getvalue()


def _check_size(code: Path, name: str, size: int, count: int) -> None:
    if size > MAX_BYTES or count > MAX_FILES:
        what = f"{MAX_BYTES // 1_000_000} MB" if size > MAX_BYTES else f"{MAX_FILES:,} files"
        raise UsageError(
            f"code_configuration.code: {code} holds more than {what}, the last being {name}; "
            f"name what is not code in {code / '.amlignore'}"
        )


def store_snapshot(workspace: Store, archive: bytes) -> str:
    """Puts an archive into the workspace, under a name made of its content; returns its path."""
    path = f"{CODE}/{hashlib.sha256(archive).hexdigest()}.zip"
    if not workspace.exists(path):
        workspace.write(path, archive)
    return path


def _files(code: Path, leave_out: Sequence[Path], always: Sequence[str]) -> Iterator[str]:
    ignored = _ignored(code)
    apart = {os.path.realpath(path) for path in leave_out}
    for folder, folders, files in os.walk(code):
        base = Path(folder)
        folders[:] = [name for name in folders if _is_code(base / name, code, ignored, apart)]
        for name in files:
            path = base / name
            relative = path.relative_to(code).as_posix()
            is_kept = relative in always or not ignored.match_file(relative)
            if is_kept and os.path.realpath(path) not in apart and path.is_file():
                yield relative


def _is_code(folder: Path, code: Path, ignored: GitIgnoreSpec, apart: set[str]) -> bool:
    if os.path.realpath(folder) in apart or (folder / "pyvenv.cfg").exists():
        return False
    return not ignored.match_file(folder.relative_to(code).as_posix() + "/")


def _ignored(code: Path) -> GitIgnoreSpec:
    for name in _IGNORE_FILES:
        if (code / name).is_file():
            lines = (code / name).read_text(encoding="utf-8", errors="replace").splitlines()
            return GitIgnoreSpec.from_lines([*_NEVER, *lines])
    return GitIgnoreSpec.from_lines(_NEVER)
