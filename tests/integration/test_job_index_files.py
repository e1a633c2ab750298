"""The index's own file: whatever happens to it, lists are right and jobs go on."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from framework.jobs.index import Archived, JobFilter, find_jobs, open_index, read_entry, reindex
from framework.storage import open_store

EVERYTHING = JobFilter(archived=Archived.INCLUDED)


def listed(records, index_url=None) -> list[str]:
    found = find_jobs(open_store(str(records.workspace)), index_url, EVERYTHING, few=-1)
    return sorted(each.name for each in found)


@pytest.fixture
def file(records) -> Path:
    """The index of a workspace with two jobs."""
    for name in ("a", "b"):
        records.create(name)
    listed(records)
    return records.workspace / "index.db"


def test_deleting_it_loses_nothing(records, file):
    file.unlink()

    assert listed(records) == ["a", "b"]
    assert file.exists()


def test_it_may_be_deleted_while_a_job_writes(records, file):
    index = open_index(None, records.store)
    index.put([read_entry(records.record("a"))])
    file.unlink()
    index.put([read_entry(records.record("b"))])

    assert list(index.known()) == ["b"]
    assert listed(records) == ["a", "b"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"no database at all, but as long as one " * 1000,
        lambda data: data[:1000],
        lambda data: data[:100] + os.urandom(len(data) - 100),
        lambda data: data[:4096] + bytes(len(data) - 4096),
    ],
    ids=["foreign", "torn", "overwritten", "zeros"],
)
def test_a_damaged_one_is_kept_aside_and_made_anew(records, file, damage, warned):
    damaged = damage(file.read_bytes())
    file.write_bytes(damaged)

    assert listed(records) == ["a", "b"]
    assert file.with_name("index.db.broken").read_bytes() == damaged
    assert sum("made anew" in each for each in warned()) == 1
    assert set(open_index(None, records.store).known()) == {"a", "b"}


def test_the_database_of_something_else_is_kept_aside(records, file, warned):
    file.unlink()
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE photos (name TEXT)")
    other.close()

    assert listed(records) == ["a", "b"]
    with sqlite3.connect(file.with_name("index.db.broken")) as kept:
        assert kept.execute("SELECT * FROM photos").fetchall() == []
    kept.close()
    assert any("something else" in each for each in warned())


def test_a_database_that_people_chose_is_never_moved_away(records, file, tmp_path, warned):
    chosen = tmp_path / "photo.jpg"
    chosen.write_bytes(b"not a database" * 1000)

    assert listed(records, f"sqlite:///{chosen}") == ["a", "b"]
    assert chosen.read_bytes() == b"not a database" * 1000
    assert any("not a database" in each for each in warned())


def test_a_database_that_people_chose_may_have_other_tables(records, file, tmp_path):
    chosen = tmp_path / "mine.db"
    with sqlite3.connect(chosen) as mine:
        mine.execute("CREATE TABLE photos (name TEXT)")
    mine.close()

    assert reindex(open_store(str(records.workspace)), f"sqlite:///{chosen}") == 2
    with sqlite3.connect(chosen) as mine:
        assert mine.execute("SELECT * FROM photos").fetchall() == []
    mine.close()


@pytest.mark.parametrize("left", [b"", b"\0" * 8192])
def test_an_empty_one_is_filled(records, file, left):
    file.write_bytes(left)

    assert listed(records) == ["a", "b"]


def test_a_journal_beside_a_damaged_one_is_not_applied_to_the_new_one(records, file):
    file.write_bytes(b"no database" * 1000)
    file.with_name("index.db-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" * 512)

    assert listed(records) == ["a", "b"]
    assert set(open_index(None, records.store).known()) == {"a", "b"}


def test_where_it_can_not_be_the_records_are_read(records, file, warned):
    file.unlink()
    file.mkdir()

    assert listed(records) == ["a", "b"]
    assert any("records are read instead" in each for each in warned())


def test_while_another_process_holds_it_the_records_are_read(records, file, warned, monkeypatch):
    monkeypatch.setattr("framework.jobs.index.database._BUSY_S", 0.1)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    records.create("c")

    assert listed(records) == ["a", "b", "c"]
    assert any("locked" in each for each in warned())
    holder.close()


def test_a_call_that_hangs_is_left_behind(records, file, warned, monkeypatch):
    monkeypatch.setattr("framework.jobs.index.database.CALL_S", 0.1)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    assert listed(records) == ["a", "b"]
    assert any("no answer within 0.1 s" in each for each in warned())
    holder.close()


def test_in_an_empty_workspace_nothing_is_made(tmp_path):
    workspace = tmp_path / "nowhere"

    assert find_jobs(open_store(str(workspace)), None, EVERYTHING) == []
    assert not workspace.exists()


def test_a_relative_file_lies_in_the_workspace(records, file, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert listed(records, "sqlite:///my jobs.db") == ["a", "b"]

    assert (records.workspace / "my jobs.db").is_file()


def test_few_jobs_are_listed_without_a_database(records, file):
    file.unlink()

    assert len(find_jobs(open_store(str(records.workspace)), None, EVERYTHING)) == 2
    assert not file.exists()
