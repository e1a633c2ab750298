"""Deleting jobs, so that a kill at any moment leaves a whole job or none."""

from __future__ import annotations

import secrets
from typing import Any

from framework.errors import FrameworkError, NotFoundError, StorageError, UsageError
from framework.jobs.commit import Target, clear_staged
from framework.jobs.index.entries import Entry, read_entry
from framework.jobs.index.finding import forget
from framework.jobs.record import OUTPUTS, JobRecord, open_record
from framework.storage import Store
from framework.storage.durable import sync_folder
from framework.storage.paths import path_below

TRASH = "trash"


def check_deletable(workspace: Store, name: str, *, with_output: bool) -> None:
    """Makes sure that a job is there and has ended.

    Raises:
        NotFoundError: There is no such job, nor what one of that name has left.
        UsageError: It is running.
    """
    record = open_record(workspace, name)
    if with_output and not record.exists() and _has_default_output(record):
        return
    entry = None if record.is_deleted() else _entry(record)
    if entry is not None and not entry.status.is_final:
        raise UsageError(
            f"job {name} is {entry.status} and can't be deleted: "
            f"cancel it first by `job cancel {name}`"
        )


def delete_job(workspace: Store, name: str, index_url: str | None, *, with_output: bool) -> None:
    """Deletes a job's record with all that is in it, and its row in the index.

    The record is moved out of the way in one step; then there is no such job any more. What a kill
    leaves after that, the next deletion removes.

    Args:
        workspace: Where the job is.
        name: The job's.
        index_url: The index's database; SQLite in the workspace where absent.
        with_output: Whether its output goes too, where that is in the workspace's `outputs/`. One
            at an `output.path` of the user's choice is left alone.

    Raises:
        NotFoundError: There is no such job.
        UsageError: It is running.
        StorageError: It can't be removed.
    """
    check_deletable(workspace, name, with_output=with_output)
    record = open_record(workspace, name)
    store = record.workspace
    if record.exists():
        is_default = _is_default_output(record)
        _clear_staged(record)
        _clear_staging(record)
        _move_to_trash(record)
        with_output = with_output and is_default
    if with_output:
        store.delete(f"{OUTPUTS}/{name}")
    _empty_trash(store)
    forget(store, index_url, name)


def _entry(record: JobRecord) -> Entry | None:
    """The job; `None` for a damaged record, which may be deleted."""
    try:
        return read_entry(record)
    except NotFoundError:
        raise
    except StorageError:
        return None


def _remove_objects(record: JobRecord) -> None:
    """Removes a record from a store that can't rename: its identity is marked first, and goes last.

    What a kill leaves is no job any more, and keeps its name until it is deleted once more.
    """
    record.mark_deleted()
    record.clear()
    record.workspace.delete(record.path())


def _move_to_trash(record: JobRecord) -> None:
    folder = record.workspace.local_path(record.path())
    trash = record.workspace.local_path(TRASH)
    if folder is None or trash is None:
        _remove_objects(record)
        return
    try:
        trash.mkdir(exist_ok=True)
        folder.rename(trash / f"{record.name}-{secrets.token_hex(4)}")
        # Before anything in it is removed: a power cut must not bring half of it back.
        sync_folder(str(trash))
        sync_folder(str(folder.parent))
    except FileNotFoundError:
        raise NotFoundError(f"job {record.name}: somebody else has just deleted it") from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise StorageError(f"job {record.name} can't be deleted: {reason}") from error


def _empty_trash(store: Store) -> None:
    for left in store.names(TRASH):
        store.delete(f"{TRASH}/{left}")


def _clear_staged(record: JobRecord) -> None:
    """Removes what a killed driver staged, and left beside the output's name."""
    output = _identity(record).get("summary", {}).get("output")
    if not isinstance(output, str):
        return
    folder, _, file_name = output.rpartition("/")
    try:
        target = Target(store=record.open(folder or "/"), file_name=file_name)
        clear_staged(target, record, record.epoch + 1)
        record.unstage()
    except FrameworkError:  # its folder is gone, or closed by now: the job goes all the same
        return


def _clear_staging(record: JobRecord) -> None:
    """Removes staged rows that lie outside of the record, where instances see them."""
    try:
        if path_below(record.url(), record.staging.url) is None:
            record.unstage()
    except (FrameworkError, ValueError):  # as above; or the record is damaged
        return


def _is_default_output(record: JobRecord) -> bool:
    output = _identity(record).get("document", {}).get("output") or {}
    return not output.get("path") and _has_default_output(record)


def _has_default_output(record: JobRecord) -> bool:
    return record.workspace.exists(f"{OUTPUTS}/{record.name}")


def _identity(record: JobRecord) -> dict[str, Any]:
    try:
        return record.identity()
    except (NotFoundError, ValueError):  # half deleted, or damaged
        return {}
