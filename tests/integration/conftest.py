"""Databases for the job index: SQLite files, and a PostgreSQL server of our own."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_DEBIANS = Path("/usr/lib/postgresql")
_ADMIN = "batch"
_GUARDED = "guarded"
_PASSWORD = "s3cret/pass:w@rd %41#?"
_ACCESS = f"local all {_GUARDED} scram-sha-256\nlocal all all trust\n"


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A running server that only answers on a socket of ours."""

    folder: Path
    password: str = _PASSWORD

    def url(self, database: str, *, user: str = _ADMIN, password: str = "") -> str:
        return f"postgresql://{user}{password}@/{database}?host={self.folder}"

    def new_database(self) -> str:
        name = f"d{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        import psycopg

        where = {"host": str(self.folder), "user": _ADMIN, "dbname": database}
        with contextlib.closing(psycopg.connect(**where, autocommit=True)) as connection:
            answer = connection.execute(statement)
            return answer.fetchall() if answer.description else []

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """The server takes connections and answers nothing, as a machine that swaps does."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


def _programs() -> Path | None:
    """The folder of the newest server's programs."""
    found = sorted(_DEBIANS.glob("*/bin/initdb"), key=lambda each: int(each.parts[-3]))
    known = found[-1] if found else shutil.which("initdb")
    return Path(known).resolve().parent if known else None


def _other_user() -> dict[str, int]:
    """The server refuses to run as root: who it runs as instead."""
    if os.geteuid() != 0:
        return {}
    names = {each.pw_name for each in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": user.pw_uid, "group": user.pw_gid}


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, made for these tests and gone after them."""
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
    who = _other_user()
    if who:
        os.chown(folder, who["user"], who["group"])
    data = folder / "data"

    def run(program: str, *words: str) -> None:
        done = subprocess.run(
            [str(programs / program), "-D", str(data), *words],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **who,
        )
        log = folder / "log"
        told = log.read_text() if log.exists() else ""
        assert done.returncode == 0, f"{program}: {done.stdout}\n{told}"

    try:
        run("initdb", "-U", _ADMIN, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        (data / "pg_hba.conf").write_text(_ACCESS)
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run("pg_ctl", "start", "--wait", "-o", options, "-l", str(folder / "log"))
        try:
            server = Postgres(folder=folder)
            quoted = _PASSWORD.replace("'", "''")
            server.execute(f"CREATE ROLE {_GUARDED} LOGIN SUPERUSER PASSWORD '{quoted}'")
            yield server
        finally:
            run("pg_ctl", "stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(params=["own file", "sqlite", "postgresql"])
def index_url(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    """What `index_url` says: nothing, an SQLite file, a new database of a PostgreSQL server."""
    if request.param == "own file":
        return None
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/shared index.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.url(server.new_database())


@pytest.fixture
def warned(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What our own log has warned of so far."""

    def told() -> list[str]:
        return [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]

    return told
