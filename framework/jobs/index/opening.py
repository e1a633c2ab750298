"""Opening the index of a workspace."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from framework.errors import UsageError
from framework.jobs.index.urls import FILE, checked_url
from framework.storage import Store

if TYPE_CHECKING:
    from framework.jobs.index.job_index import JobIndex

_ID = "workspace.id"
_THE_ONLY = "."


def open_index(index_url: str | None, workspace: Store) -> JobIndex:
    """The index of a workspace's jobs. Nothing is connected yet.

    Args:
        index_url: A database, maybe shared by many workspaces; SQLite in the workspace where
            absent. The file of a relative SQLite URL is relative to the workspace.
        workspace: Where the jobs are.

    Raises:
        UsageError: The URL is wrong, or the workspace is not on this machine.
        MissingExtraError: The database's driver isn't installed.
        StorageError: No database can be reached by that URL.
    """
    from framework.jobs.index.database import Database, sqlite_url
    from framework.jobs.index.job_index import JobIndex

    folder = workspace.local_path("")
    if folder is None:
        raise UsageError(f"workspace {workspace.url}: has to be a local folder")
    if index_url is None:
        file = folder / FILE
        return JobIndex(Database(sqlite_url(file), own_file=file), _THE_ONLY)
    url = _anchored(checked_url(index_url), folder)
    return JobIndex(Database(url), _identity(workspace))


def _anchored(url: str, folder: Path) -> str:
    """The URL of a relative SQLite file as an absolute one."""
    kind, _, rest = url.partition(":///")
    if kind.partition("+")[0].lower() != "sqlite" or rest.startswith(("/", "file:")):
        return url
    return f"{kind}:///{folder}/{rest}"


def _identity(workspace: Store) -> str:
    """What tells a workspace from all others that share a database, also when it is moved."""
    try:
        return workspace.read(_ID).decode().strip()
    except FileNotFoundError:
        made = secrets.token_hex(16)
    try:
        workspace.create(_ID, f"{made}\n".encode())
    except FileExistsError:
        return _identity(workspace)
    return made
