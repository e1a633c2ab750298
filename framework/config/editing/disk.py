"""Writing and removing files of `conf/`: whole or not at all, and nowhere else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from framework.config.yaml_files import shown_path
from framework.errors import FrameworkError, UsageError
from framework.storage.durable import (
    is_temporary,
    make_folders,
    replace,
    sync_folder,
    temporary_sibling,
    write_new,
)


def write_file(path: Path, data: bytes, *, conf: Path) -> bool:
    """Writes a file below `conf/`, durably, under the lock of its folder.

    Returns:
        Whether it had another content, or was not there.

    Raises:
        UsageError: A symbolic link stands in the way, or it can't be written.
    """
    _refuse_links(path, conf)
    with _said(path):
        if path.is_file() and path.read_bytes() == data:
            return False
        make_folders(str(path.parent))
        _tidy(path.parent)
        temporary = temporary_sibling(str(path))
        write_new(temporary, data)
        if path.exists():
            os.chmod(temporary, stat.S_IMODE(path.stat().st_mode))  # noqa: PTH101 - a text
        replace(temporary, str(path))
    return True


def rename_file(source: Path, target: Path, *, conf: Path) -> None:
    """Gives a file below `conf/` another name, in the place of what has that one."""
    _refuse_links(source, conf)
    _refuse_links(target, conf)
    with _said(target):
        source.replace(target)
        sync_folder(str(target.parent))


def remove_file(path: Path, *, conf: Path) -> None:
    """Removes a file below `conf/`; a symbolic link itself, not what it leads to."""
    _refuse_links(path.parent, conf)
    with _said(path):
        path.unlink(missing_ok=True)
        sync_folder(str(path.parent))


def remove_folder(folder: Path, *, conf: Path) -> None:
    """Removes a folder that has nothing left in it; one with other people's files stays."""
    _refuse_links(folder, conf)
    if not folder.is_dir():
        return
    with _said(folder):
        _tidy(folder)
        if not any(folder.iterdir()):
            folder.rmdir()
            sync_folder(str(folder.parent))


def _tidy(folder: Path) -> None:
    """Removes what writes that were cut short have left; nobody else writes now."""
    for each in folder.iterdir():
        if is_temporary(each.name):
            each.unlink(missing_ok=True)


def _refuse_links(path: Path, conf: Path) -> None:
    for each in (path, *path.parents):
        if each == conf:
            return
        if each.is_symlink():
            raise UsageError(
                f"{shown_path(each)} is a symbolic link: it is not followed to write, so that "
                "nothing outside conf/ is changed; put the file itself there"
            )
    raise UsageError(f"{shown_path(path)} is not below {shown_path(conf)}")


@contextmanager
def _said(path: Path) -> Iterator[None]:
    try:
        yield
    except FrameworkError as error:
        raise UsageError(error.message) from error
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UsageError(f"can't write {shown_path(path)}: {reason}") from error
