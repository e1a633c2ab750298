"""The index of one workspace's jobs: rows that are copies of what the records say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Select, bindparam, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from framework.domain.states import JobStatus
from framework.jobs.index.database import Database
from framework.jobs.index.entries import Entry
from framework.jobs.index.filters import Archived, JobFilter
from framework.jobs.index.schema import from_row, jobs, to_row

Item = TypeVar("Item")

_AT_ONCE = 500
_KEY = list(jobs.primary_key)
_UPSERTS: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


class Known(NamedTuple):
    """What the index says of a job, in short.

    Attributes:
        status: Where it stood.
        stamp: Of the record that was read.
    """

    status: JobStatus
    stamp: str


class JobIndex:
    """The rows of one workspace.

    Args:
        database: Where the rows are, maybe with those of other workspaces.
        workspace: What tells this one from the others.
    """

    def __init__(self, database: Database, workspace: str) -> None:
        self._database = database
        self._workspace = workspace

    @property
    def shown(self) -> str:
        """Where it is, without secrets."""
        return self._database.shown

    def known(self) -> dict[str, Known]:
        """All jobs by name.

        Raises:
            StorageError: The database can't be used; so with all other methods.
        """
        query = select(jobs.c.name, jobs.c.status, jobs.c.stamp).where(self._is_here)
        rows = self._database.run(lambda connection: connection.execute(query).all())
        return {name: Known(JobStatus(status), stamp) for name, status, stamp in rows}

    def find(self, wanted: JobFilter, *, leave_out: Collection[str] = ()) -> list[Entry]:
        """The jobs that a list shows, the newest first."""
        query = _narrowed(select(jobs).where(self._is_here), wanted)
        # What can't be asked of a database is left to the filter, so nothing may be cut before.
        if wanted.max_results is not None and not wanted.tags:
            query = query.limit(wanted.max_results + len(leave_out))
        rows = self._database.run(lambda connection: connection.execute(query).all())
        return wanted.select(from_row(row) for row in rows if row.name not in leave_out)

    def put(self, entries: Iterable[Entry]) -> None:
        """Writes jobs, each over what was there of it."""
        for some in _batches(entries):
            rows = [to_row(self._workspace, each) for each in some]
            self._database.run(partial(self._replace, rows=rows))

    def remove(self, names: Iterable[str]) -> None:
        """Forgets jobs; no error if they aren't there."""
        for some in _batches(names):
            self._database.run(partial(self._delete, names=some))

    def clear(self) -> None:
        """Forgets all jobs of the workspace."""
        self._database.run(lambda connection: connection.execute(delete(jobs).where(self._is_here)))

    @property
    def _is_here(self) -> Any:
        return jobs.c.workspace == self._workspace

    def _replace(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        rows = sorted(rows, key=itemgetter("name"))  # who locks in one order waits in no circle
        upsert = _UPSERTS.get(connection.dialect.name)
        if upsert is not None:
            new = upsert(jobs)
            changes = {key: new.excluded[key] for key in rows[0]}
            connection.execute(new.on_conflict_do_update(index_elements=_KEY, set_=changes), rows)
            return
        self._delete(connection, [row["name"] for row in rows])
        connection.execute(insert(jobs), rows)

    def _delete(self, connection: Connection, names: Sequence[str]) -> None:
        one = delete(jobs).where(self._is_here, jobs.c.name == bindparam("gone"))
        connection.execute(one, [{"gone": name} for name in names])


def _narrowed(query: Select[Any], wanted: JobFilter) -> Select[Any]:
    """The rows that may be wanted: what `JobFilter.select` checks, as far as SQL can say it."""
    if wanted.statuses:
        query = query.where(jobs.c.status.in_([str(each) for each in wanted.statuses]))
    if wanted.endpoint is not None:
        query = query.where(jobs.c.endpoint == wanted.endpoint)
    if wanted.deployment is not None:
        query = query.where(jobs.c.deployment == wanted.deployment)
    if wanted.since is not None:
        query = query.where(jobs.c.created_at >= wanted.since)
    if wanted.archived is not Archived.INCLUDED:
        query = query.where(jobs.c.is_archived == (wanted.archived is Archived.ONLY))
    return query.order_by(jobs.c.created_at.desc(), jobs.c.name)


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    remaining = iter(items)
    while some := list(islice(remaining, _AT_ONCE)):
        yield some
