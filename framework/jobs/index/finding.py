"""Lists of jobs that are right whatever has become of the index."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from framework.errors import FrameworkError, NotFoundError
from framework.jobs.index.entries import Entry, read_entry, stamp_of
from framework.jobs.index.filters import JobFilter
from framework.jobs.index.opening import open_index
from framework.jobs.record import JOBS, JobRecord
from framework.storage import Store, open_store

if TYPE_CHECKING:
    from framework.jobs.index.job_index import JobIndex

logger = logging.getLogger(__name__)

FEW = 200


def find_jobs(
    workspace: str, index_url: str | None, wanted: JobFilter, *, few: int = FEW
) -> list[Entry]:
    """The jobs of a workspace that a list shows, the newest first.

    Args:
        workspace: Where the jobs are.
        index_url: The index's database; SQLite in the workspace where absent.
        wanted: Which of them.
        few: Up to so many jobs, reading their records is faster than loading what a database in the
            workspace needs.
    """
    store = open_store(workspace)
    names = store.names(JOBS)
    if index_url is None and len(names) <= few:
        return wanted.select(_read(store, names))
    try:
        return _find(store, names, open_index(index_url, store), wanted)
    except FrameworkError as error:
        logger.warning("%s; the jobs' records are read instead", error)
        return wanted.select(_read(store, names))


def _find(store: Store, names: list[str], index: JobIndex, wanted: JobFilter) -> list[Entry]:
    """Asks the index, after it was brought up to date: only what has changed is read."""
    known = index.known()
    root = str(store.local_path(JOBS))
    changed = [
        name
        for name in names
        if name not in known
        or not known[name].status.is_final
        or known[name].stamp != stamp_of(f"{root}/{name}")
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
    for name in names:
        record = JobRecord(store, name)
        try:
            if record.exists():  # else half made: no need to look for what else could be meant
                yield read_entry(record)
        except NotFoundError:  # just deleted
            continue
        except FrameworkError as error:
            logger.warning("%s; it is left out", error)


def forget(workspace: Store, index_url: str | None, name: str) -> None:
    """Takes a job that is gone out of the index; the next list does so where this fails."""
    try:
        open_index(index_url, workspace).remove([name])
    except FrameworkError as error:
        logger.warning("job %s is still in the index: %s", name, error)


def reindex(workspace: str, index_url: str | None) -> int:
    """Makes the index anew from the records.

    Returns:
        How many jobs it has.

    Raises:
        FrameworkError: The index can't be used.
    """
    store = open_store(workspace)
    index = open_index(index_url, store)
    index.clear()
    index.put(_read(store, store.names(JOBS)))
    return len(index.known())
