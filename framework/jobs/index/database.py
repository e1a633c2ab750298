"""The index's database: connecting, its version, and errors in words without secrets."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, quote_plus

from sqlalchemy import URL, Connection, create_engine, delete, insert, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from framework.domain.redaction import MASK, looks_secret, without_signatures
from framework.errors import StorageError
from framework.jobs.index.bounded import bounded
from framework.jobs.index.schema import VERSION, metadata, versions

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

CALL_S = 10.0
_BUSY_S = 8.0
_CONNECT_S = 5
_LONGEST_REASON = 300
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# So that of many processes that find no tables only one makes them.
_TAKE_TURNS = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "SELECT pg_advisory_xact_lock(4947229131)",
}


class _ForeignError(Exception):
    """The file in the workspace is the database of something else."""


class Database:
    """A database with the index's tables, made where they are not there.

    Each call has a connection of its own: many processes use an index, most of them rarely.

    Args:
        url: As SQLAlchemy takes it.
        own_file: The file in the workspace that is ours to replace, where that is the database.

    Raises:
        StorageError: No database can be reached by that URL.
    """

    def __init__(self, url: str, *, own_file: Path | None = None) -> None:
        self._own_file = own_file
        try:
            self._url = make_url(url)
            self._engine = create_engine(
                self._url, poolclass=NullPool, connect_args=_connect_args(self._url)
            )
        except NoSuchModuleError:
            kind = url.partition(":")[0]
            raise StorageError(f"index_url: no driver for {kind!r} is installed") from None
        except (ArgumentError, ValueError):  # their words may have the password in them
            raise StorageError(f"index_url: {without_signatures(url)} is not understood") from None
        except ImportError as error:
            raise StorageError(f"index_url: the driver is missing: {error}") from None

    @property
    def shown(self) -> str:
        """The URL without secrets; of a file, its path."""
        if self._url.get_backend_name() == "sqlite":
            return str(self._url.database)
        secret = {key: MASK for key in self._url.query if looks_secret(key)}
        shown = self._url.update_query_dict(secret).render_as_string(hide_password=True)
        return without_signatures(shown)

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Does work in one transaction, within `CALL_S` seconds.

        Raises:
            StorageError: It failed, or took too long.
        """
        try:
            return bounded(lambda: self._run(work), CALL_S)
        except TimeoutError as error:
            raise StorageError(f"the job index {self.shown} gives {error}") from None
        except (SQLAlchemyError, OSError, UnicodeError) as error:
            raise StorageError(f"the job index {self.shown}: {self._reason(error)}") from None

    def _run(self, work: Callable[[Connection], Result]) -> Result:
        seen = _inode(self._own_file)
        try:
            return self._try(work)
        except _ForeignError:
            self._move_aside(seen, "is the database of something else")
        except IntegrityError:
            pass  # another process wrote the same row at the same time
        except SQLAlchemyError as error:
            if self._own_file is None or _code(error) not in _DAMAGED:
                raise
            self._move_aside(seen, "is damaged")
        return self._try(work)

    def _try(self, work: Callable[[Connection], Result]) -> Result:
        with self._begin() as connection:
            if _version(connection) == VERSION:
                return work(connection)
        self._make_tables()
        with self._begin() as connection:
            return work(connection)

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                limit = round(CALL_S * 1000)
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = {limit}")
            yield connection

    def _make_tables(self) -> None:
        with self._begin() as connection:
            turn = _TAKE_TURNS.get(connection.dialect.name)
            if turn is not None:
                connection.exec_driver_sql(turn)
            found = _version(connection)
            if found == VERSION:
                return
            if found is not None and found > VERSION:
                raise StorageError(
                    f"the job index {self.shown} was made by a newer version of this program"
                )
            if self._own_file is not None and found is None and _has_others(connection):
                raise _ForeignError
            metadata.drop_all(connection)
            metadata.create_all(connection)
            connection.execute(delete(versions))
            connection.execute(insert(versions).values(version=VERSION))

    def _move_aside(self, seen: int | None, why: str) -> None:
        """Makes room for a new file, unless another process has done so; the old one is kept."""
        file = self._own_file
        assert file is not None
        if _inode(file) != seen:
            return
        aside = file.with_name(f"{file.name}.broken")
        logger.warning(
            "the job index %s %s: it is made anew from the jobs' records, the old one is %s",
            file,
            why,
            aside,
        )
        # First its journal, which SQLite would apply to the new file.
        for left in _beside(file):
            left.unlink(missing_ok=True)
        file.replace(aside)

    def _reason(self, error: Exception) -> str:
        text = " ".join(str(getattr(error, "orig", None) or error).split())
        for secret in self._secrets():
            text = text.replace(secret, MASK)
        text = without_signatures(text or type(error).__name__)
        return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 3]}..."

    def _secrets(self) -> Iterable[str]:
        secrets = [str(self._url.password or "")]
        secrets += [str(value) for key, value in self._url.query.items() if looks_secret(key)]
        for secret in filter(None, secrets):
            yield from (secret, quote(secret), quote_plus(secret))


def sqlite_url(file: Path) -> str:
    """The URL of an SQLite file, whatever its name."""
    return URL.create("sqlite", database=str(file)).render_as_string()


def _connect_args(url: URL) -> dict[str, object]:
    if url.get_backend_name() == "sqlite":
        # Who is going to write says so at once: two who had read before could not both go on.
        return {"timeout": _BUSY_S, "isolation_level": "IMMEDIATE"}
    if url.get_backend_name() == "postgresql" and "connect_timeout" not in url.query:
        return {"connect_timeout": _CONNECT_S}
    return {}


def _version(connection: Connection) -> int | None:
    if not inspect(connection).has_table(versions.name):
        return None
    return connection.execute(select(versions.c.version)).scalar()


def _has_others(connection: Connection) -> bool:
    return bool(set(inspect(connection).get_table_names()) - set(metadata.tables))


def _code(error: SQLAlchemyError) -> int | None:
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _inode(file: Path | None) -> int | None:
    try:
        return None if file is None else os.stat(file).st_ino  # noqa: PTH116
    except OSError:
        return None


def _beside(file: Path) -> list[Path]:
    return [file.with_name(f"{file.name}-{each}") for each in ("journal", "wal", "shm")]
