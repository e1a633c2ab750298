"""Lists of jobs that are right whatever has become of the index."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from framework.errors import FrameworkError, NotFoundError
from framework.jobs.index.entries import Entry, read_entry, stamp_of
from framework.jobs.index.filters import JobFilter
from framework.jobs.index.opening import open_index
from framework.jobs.record import JOBS, JobRecord
from framework.storage import Store

if TYPE_CHECKING:
    from framework.jobs.index.job_index import JobIndex

logger = logging.getLogger(__name__)

T = TypeVar("T")

FEW = 200
_AT_ONCE = 16


def find_jobs(
    workspace: Store, index_url: str | None, wanted: JobFilter, *, few: int = FEW
) -> list[Entry]:
    """The jobs of a workspace that a list shows, the newest first.

    Args:
        workspace: Where the jobs are.
        index_url: The index's database; SQLite in the workspace where absent.
        wanted: Which of them.
        few: Up to so many jobs, reading their records is faster than loading what a database in the
            workspace needs.
    """
    names = workspace.names(JOBS)
    if index_url is None and len(names) <= few:
        return wanted.select(_read(workspace, names))
    try:
        return _find(workspace, names, open_index(index_url, workspace), wanted)
    except FrameworkError as error:
        logger.warning("%s; the jobs' records are read instead", error)
        return wanted.select(_read(workspace, names))


def _find(store: Store, names: list[str], index: JobIndex, wanted: JobFilter) -> list[Entry]:
    """Asks the index, after it was brought up to date: only what has changed is read."""
    known = index.known()

    def has_changed(name: str) -> bool:
        was = known.get(name)
        if was is None or not was.status.is_final:
            return True
        return was.stamp != stamp_of(JobRecord(store, name))

    changed = [
        name
        for name, is_new in zip(names, _of_each(store, has_changed, names), strict=True)
        if is_new
    ]
    read = {each.name: each for each in _read(store, changed)}
    gone = known.keys() - (set(names) - set(changed)) - read.keys()
    _update(index, read.values(), gone)
    hidden = read.keys() | gone
    return wanted.select([*index.find(wanted, leave_out=hidden), *read.values()])


def _update(index: JobIndex, read: Iterable[Entry], gone: Iterable[str]) -> None:
    try:
        index.remove(gone)
        index.put(read)
    except FrameworkError as error:  # a workspace that may only be read
        logger.info("the job index was not brought up to date: %s", error)


def _read(store: Store, names: Iterable[str]) -> Iterable[Entry]:
    def read(name: str) -> Entry | None:
        record = JobRecord(store, name)
        try:
            # else half made: no need to look for what else could be meant
            return read_entry(record) if record.exists() else None
        except NotFoundError:  # just deleted
            return None
        except FrameworkError as error:
            logger.warning("%s; it is left out", error)
            return None

    return (entry for entry in _of_each(store, read, names) if entry is not None)


def _of_each(store: Store, function: Callable[[str], T], names: Iterable[str]) -> Iterator[T]:
    """The function's results in order; of many at once where each has to wait for a network."""
    if store.local_path("") is not None:
        yield from map(function, names)
        return
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="jobs") as threads:
        yield from threads.map(function, names)


def forget(workspace: Store, index_url: str | None, name: str) -> None:
    """Takes a job that is gone out of the index; the next list does so where this fails."""
    try:
        open_index(index_url, workspace).remove([name])
    except FrameworkError as error:
        logger.warning("job %s is still in the index: %s", name, error)


def reindex(workspace: Store, index_url: str | None) -> int:
    """Makes the index anew from the records.

    Returns:
        How many jobs it has.

    Raises:
        FrameworkError: The index can't be used.
    """
    index = open_index(index_url, workspace)
    index.clear()
    index.put(_read(workspace, workspace.names(JOBS)))
    return len(index.known())
