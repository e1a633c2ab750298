"""The index on a PostgreSQL server: its password, and what happens when it is not there."""

from __future__ import annotations

import socket
from urllib.parse import quote

import pytest

from framework.errors import FrameworkError, MissingExtraError, StorageError, UsageError
from framework.jobs.index import Archived, JobFilter, find_jobs, open_index, read_entry
from framework.jobs.index.feed import IndexFeed
from framework.jobs.index.urls import checked_url
from framework.storage import open_store

EVERYTHING = JobFilter(archived=Archived.INCLUDED)


def listed(records, index_url) -> list[str]:
    found = find_jobs(open_store(str(records.workspace)), index_url, EVERYTHING)
    return sorted(each.name for each in found)


def guarded(postgres, password: str) -> str:
    return postgres.url(postgres.new_database(), user="guarded", password=f":{quote(password, '')}")


def test_a_password_opens_it_and_is_not_shown(postgres, records):
    url = guarded(postgres, postgres.password)
    records.create("job")
    index = open_index(url, records.store)

    assert listed(records, url) == ["job"]
    assert list(index.known()) == ["job"]
    assert "guarded" in index.shown
    assert_hidden(postgres.password, index.shown)


def test_a_wrong_password_is_a_warning_that_does_not_tell_it(postgres, records, warned):
    wrong = "wr0ng/pass:w@rd %41#?"
    records.create("job")

    assert listed(records, guarded(postgres, wrong)) == ["job"]
    assert any("password authentication failed" in each for each in warned())
    for text in warned():
        assert_hidden(wrong, text)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2secret@host:notaport/db",
        "postgresql://me:hunter2secret@[::1/db",
        "postgresql://me:hunter2secret@/db?host=/nowhere&sslmode=what",
        "postgresql://me:hunter2secret@/db?host=/nowhere",
        "postgresql://me@/db?host=/nowhere&password=hunter2secret",
        "postgresql://me:hunter2secret@/db?nonsense=1",
        "postgresql+nothing://me:hunter2secret@host/db",
        "nothing://me:hunter2secret@host/db",
        "mysql://me:hunter2secret@host/db",
        "me:hunter2secret@host/db",
    ],
)
def test_what_can_not_be_used_is_said_without_its_password(records, url):
    with pytest.raises(FrameworkError) as raised:
        open_index(url, records.store).known()

    assert_hidden("hunter2secret", str(raised.value))
    assert "\n" not in str(raised.value)
    assert raised.value.__cause__ is None  # a traceback would have the library's own words


def assert_hidden(secret: str, text: str) -> None:
    assert secret not in text
    assert quote(secret, "") not in text


@pytest.mark.parametrize("url", ["postgresql://h/d", "postgres://h/d", "postgresql+psycopg://h/d"])
def test_the_driver_is_known_and_where_it_is_missing_so_is_the_way_to_get_it(monkeypatch, url):
    assert checked_url(url) == "postgresql+psycopg://h/d"

    monkeypatch.setattr("framework.jobs.index.urls.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as raised:
        checked_url(url)
    assert "pip install 'dask-batch-endpoints[postgres]'" in str(raised.value)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "jobs.db", "", "https:/x"])
def test_what_is_no_database_that_lasts_is_wrong_usage(url):
    with pytest.raises(UsageError, match="index_url"):
        checked_url(url)


def test_a_server_that_stops_answering_costs_a_list_only_a_moment(
    postgres, records, warned, monkeypatch
):
    monkeypatch.setattr("framework.jobs.index.database.CALL_S", 0.3)
    records.create("job")
    url = postgres.url(postgres.new_database())
    with postgres.stopped():
        assert listed(records, url) == ["job"]

    assert any("no answer within 0.3 s" in each for each in warned())


def test_a_server_that_stops_answering_does_not_hold_up_a_job(
    postgres, records, warned, monkeypatch
):
    monkeypatch.setattr("framework.jobs.index.database.CALL_S", 0.3)
    records.create("job", "Running")
    url = postgres.url(postgres.new_database())
    with postgres.stopped():
        feed = IndexFeed(records.record("job"), url)
        feed.start()
        feed.changed(is_status=True)
        feed.close()
        feed.join(60)

    assert any("goes on without the index" in each for each in warned())


def test_a_server_that_is_no_database_is_a_warning(records, warned, monkeypatch):
    """It takes the connection, and says nothing."""
    monkeypatch.setattr("framework.jobs.index.database.CALL_S", 0.3)
    records.create("job")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert listed(records, f"postgresql://me@127.0.0.1:{port}/db") == ["job"]

    assert len(warned()) == 1


def test_a_connection_that_was_cut_is_made_anew(postgres, records):
    database = postgres.new_database()
    index = open_index(postgres.url(database), records.store)
    index.put([read_entry(records.create("a"))])
    postgres.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{database}' AND pid <> pg_backend_pid()"
    )
    index.put([read_entry(records.create("b"))])

    assert set(index.known()) == {"a", "b"}


def test_a_row_that_somebody_locks_is_waited_for_no_longer_than_said(
    postgres, records, monkeypatch
):
    import psycopg

    database = postgres.new_database()
    index = open_index(postgres.url(database), records.store)
    entry = read_entry(records.create("job"))
    index.put([entry])
    where = {"host": str(postgres.folder), "user": "batch", "dbname": database}
    with psycopg.connect(**where) as other, monkeypatch.context() as patch:
        patch.setattr("framework.jobs.index.database.CALL_S", 0.3)
        other.execute("SELECT * FROM batch_jobs FOR UPDATE")
        with pytest.raises(StorageError):
            index.put([entry])
        other.rollback()
    other.close()

    index.put([entry])
    assert list(index.known()) == ["job"]
