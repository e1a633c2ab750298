"""Opening the index of a workspace."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from framework.domain.homes import at_home
from framework.errors import StorageError
from framework.jobs.index.urls import FILE, checked_url
from framework.storage import Store

if TYPE_CHECKING:
    from framework.jobs.index.job_index import JobIndex

FOLDER_VARIABLE = "FRAMEWORK_INDEX_CACHE"
_ID = "workspace.id"
_THE_ONLY = "."


def open_index(index_url: str | None, workspace: Store) -> JobIndex:
    """The index of a workspace's jobs. Nothing is connected yet.

    Args:
        index_url: A database, maybe shared by many workspaces; SQLite where absent: in the
            workspace, or for a remote one in this machine's cache. The file of a relative SQLite
            URL is relative to that folder.
        workspace: Where the jobs are.

    Raises:
        UsageError: The URL is wrong.
        MissingExtraError: The database's driver isn't installed.
        StorageError: No database can be reached by that URL.
    """
    from framework.jobs.index.database import Database, sqlite_url
    from framework.jobs.index.job_index import JobIndex

    if index_url is None:
        file = own_file(workspace)
        if workspace.local_path("") is None:
            file.parent.mkdir(parents=True, exist_ok=True)
        return JobIndex(Database(sqlite_url(file), own_file=file), _THE_ONLY)
    url = _anchored(checked_url(index_url), own_file(workspace).parent)
    return JobIndex(Database(url), _identity(workspace))


def is_there(workspace: Store) -> bool:
    """Whether the index of a workspace that is told no other has been made."""
    return own_file(workspace).exists()


def own_file(workspace: Store) -> Path:
    """The SQLite file of a workspace: in it, or for one that is remote in this machine's cache."""
    folder = workspace.local_path("")
    if folder is not None:
        return folder / FILE
    name = hashlib.sha256(workspace.url.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return cache_folder() / f"{name}.db"


def cache_folder() -> Path:
    """Where the indexes of remote workspaces are on this machine."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(at_home(named)).absolute()
    try:
        above = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    except RuntimeError as error:
        message = f"there is no home folder for the index: set {FOLDER_VARIABLE}"
        raise StorageError(message) from error
    return above.absolute() / "dask-batch-endpoints" / "index"


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
