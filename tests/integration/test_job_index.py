"""The job index, on every database that is promised."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from framework.domain.states import JobStatus
from framework.errors import StorageError
from framework.jobs.archiving import archive, restore
from framework.jobs.index import Archived, JobFilter, find_jobs, open_index, read_entry, reindex
from framework.jobs.job import find_job
from framework.storage import open_store

EVERYTHING = JobFilter(archived=Archived.INCLUDED)
ROOT = Path(__file__).parents[2]

ODD = [
    "plain",
    "Ünïcödé ☃ 🦉",
    "line\nbreak\ttab",
    "quote' \" ; DROP TABLE batch_jobs; --",
    "no utf-8 \udcff\udc80",
    "zero \0 byte",
    "percent %s %(x)s :name ?",
    "back\\slash",
    "",
    "x" * 100_000,
]


def listed(records, index_url, wanted=EVERYTHING) -> dict[str, str]:
    """The list by way of the index, however few the jobs are."""
    found = find_jobs(open_store(str(records.workspace)), index_url, wanted, few=-1)
    return {each.name: str(each.status) for each in found}


def opened(records, index_url):
    return open_index(index_url, records.store)


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_what_is_put_comes_back_as_the_record_has_it(records, index_url, text):
    record = records.create(
        "job",
        "Failed",
        error=text,
        output=text,
        input=[text, "b"],
        model=text,
        endpoint=text,
        tags={text: text},
    )
    entry = read_entry(record)
    index = opened(records, index_url)
    index.put([entry])

    assert index.find(EVERYTHING) == [entry]
    assert (
        index.find(EVERYTHING)[0].summary
        == find_job(open_store(str(records.workspace)), "job").summary()
    )


def test_a_row_is_replaced_and_removed(records, index_url):
    index = opened(records, index_url)
    record = records.create("job", "Running")
    index.put([read_entry(record)])
    records.say("job", "Completed")
    index.put([read_entry(record), read_entry(records.create("other"))])

    assert {name: known.status for name, known in index.known().items()} == {
        "job": JobStatus.COMPLETED,
        "other": JobStatus.COMPLETED,
    }
    index.remove(["job", "never was"])
    assert list(index.known()) == ["other"]
    index.clear()
    assert index.known() == {}


@pytest.fixture
def many(records):
    """Jobs of all kinds."""
    kinds = itertools.product(("Completed", "Failed", "Canceled"), ("e", "f", None), ("d", None))
    for number, (status, endpoint, deployment) in enumerate(kinds):
        record = records.create(
            f"job-{number:02}",
            status,
            created_at=f"2026-01-{1 + number % 7:02}T00:00:00.000Z",
            endpoint=endpoint,
            deployment=deployment,
            tags={"team": "blue" if number % 2 else "red", "n": str(number % 3)},
        )
        if number % 4 == 0:
            archive(record)
    return records


FILTERS = [
    JobFilter(),
    JobFilter(statuses=(JobStatus.FAILED,)),
    JobFilter(statuses=(JobStatus.FAILED, JobStatus.CANCELED), endpoint="e"),
    JobFilter(endpoint="e", deployment="d"),
    JobFilter(deployment="d", max_results=3),
    JobFilter(endpoint="nobody's"),
    JobFilter(since="2026-01-04T00:00:00.000Z"),
    JobFilter(since="2026-01-04T00:00:00.001Z", max_results=2),
    JobFilter(tags={"team": "blue"}),
    JobFilter(tags={"team": "blue", "n": "1"}, max_results=1),
    JobFilter(archived=Archived.ONLY),
    JobFilter(archived=Archived.INCLUDED, max_results=5),
    JobFilter(max_results=1),
]


@pytest.mark.parametrize("wanted", FILTERS, ids=range(len(FILTERS)))
def test_a_database_selects_what_the_records_would_give(many, index_url, wanted):
    entries = [read_entry(many.record(name)) for name in many.store.names("jobs")]
    index = opened(many, index_url)
    index.put(entries)

    assert index.find(wanted) == wanted.select(entries)
    # And with half of them read anew, as for a list while jobs run.
    anew = {each.name for each in entries[::2]}
    rest = [each for each in entries if each.name not in anew]
    assert index.find(wanted, leave_out=anew) == wanted.select(rest)


def test_jobs_that_the_index_does_not_know_are_listed_newest_first(records, index_url):
    for day in (2, 3, 1):
        records.create(f"day-{day}", created_at=f"2026-01-0{day}T00:00:00.000Z")

    assert list(listed(records, index_url)) == ["day-3", "day-2", "day-1"]
    assert set(opened(records, index_url).known()) == {"day-1", "day-2", "day-3"}


def test_jobs_whose_records_are_gone_vanish(records, index_url):
    for name in ("stays", "goes"):
        records.create(name)
    listed(records, index_url)
    records.store.delete("jobs/goes")

    assert list(listed(records, index_url)) == ["stays"]
    assert list(opened(records, index_url).known()) == ["stays"]


def test_a_folder_that_is_no_job_is_not_listed(records, index_url):
    records.create("job")
    records.store.write("jobs/stray.txt", b"")
    records.store.write("jobs/half/ledger/000001.jsonl", b"")

    assert list(listed(records, index_url)) == ["job"]


def test_a_job_whose_driver_died_is_failed_though_its_row_says_running(
    records, index_url, dead_pid
):
    record = records.create("job", "Running")
    opened(records, index_url).put([read_entry(record)])
    records.drive("job", "Running", pid=dead_pid)

    assert listed(records, index_url) == {"job": "Failed"}
    assert listed(records, index_url, JobFilter(statuses=(JobStatus.RUNNING,))) == {}
    assert listed(records, index_url, JobFilter(statuses=(JobStatus.FAILED,))) == {"job": "Failed"}


@pytest.mark.parametrize("status", ["Running", "Completed"])
def test_a_job_that_went_on_while_the_index_was_away_is_shown_as_it_is(records, index_url, status):
    records.create("job", "Failed")
    assert listed(records, index_url) == {"job": "Failed"}
    records.drive("job", status)

    assert listed(records, index_url) == {"job": status}
    assert listed(records, index_url, JobFilter(statuses=(JobStatus.FAILED,))) == {}


def test_a_deleted_job_whose_name_is_used_again_is_the_new_one(records, index_url):
    records.create("job", "Completed", endpoint="old")
    listed(records, index_url)
    records.store.delete("jobs/job")
    records.create("job", "Failed", endpoint="new")

    assert listed(records, index_url, JobFilter(endpoint="old")) == {}
    assert listed(records, index_url, JobFilter(endpoint="new")) == {"job": "Failed"}


def test_archiving_is_seen_though_the_index_was_not_told(records, index_url):
    record = records.create("job")
    listed(records, index_url)
    archive(record)
    assert listed(records, index_url, JobFilter()) == {}
    assert list(listed(records, index_url, JobFilter(archived=Archived.ONLY))) == ["job"]

    restore(record)
    assert list(listed(records, index_url, JobFilter())) == ["job"]


def test_a_damaged_record_is_left_out_with_a_warning(records, index_url, warned):
    records.create("sound")
    records.create("torn")
    records.store.write("jobs/torn/job.json", b'{"name": "to')

    assert list(listed(records, index_url)) == ["sound"]
    assert any("job torn" in each and "damaged" in each for each in warned())


def test_the_index_is_made_anew_from_the_records(many, index_url):
    before = listed(many, index_url)
    index = opened(many, index_url)
    index.remove(["job-01"])
    index.put([read_entry(many.create("was never a job"))])
    many.store.delete("jobs/was never a job")

    assert reindex(open_store(str(many.workspace)), index_url) == len(before)
    assert set(index.known()) == set(before)


def test_workspaces_in_one_database_do_not_see_each_other(tmp_path, records, index_url):
    other = type(records)(tmp_path / "other")
    records.create("job", "Completed")
    other.create("job", "Failed")
    other.create("another", "Failed")

    for _ in range(2):
        assert listed(records, index_url) == {"job": "Completed"}
        assert listed(other, index_url) == {"job": "Failed", "another": "Failed"}


def test_a_workspace_that_is_moved_keeps_its_rows(records, index_url):
    records.create("job")
    listed(records, index_url)
    moved = records.workspace.with_name("moved")
    records.workspace.rename(moved)
    there = type(records)(moved)

    assert list(opened(there, index_url).known()) == ["job"]
    assert list(listed(there, index_url)) == ["job"]


def _set_version(records, index_url, version: int) -> None:
    from sqlalchemy import update

    from framework.jobs.index.schema import versions

    database = opened(records, index_url)._database
    database.run(lambda connection: connection.execute(update(versions).values(version=version)))


def test_tables_of_an_older_version_are_made_anew(records, index_url):
    records.create("job")
    listed(records, index_url)
    _set_version(records, index_url, 0)

    assert opened(records, index_url).known() == {}
    assert list(listed(records, index_url)) == ["job"]


def test_tables_of_a_newer_version_are_left_alone(records, index_url, warned):
    records.create("job")
    listed(records, index_url)
    _set_version(records, index_url, 99)

    with pytest.raises(StorageError, match="newer version"):
        opened(records, index_url).known()
    assert list(listed(records, index_url)) == ["job"]
    assert any("newer version" in each for each in warned())


def _put_often(workspace: str, index_url: str | None, names: list[str], times: int) -> None:
    from framework.jobs.record import open_record

    for _ in range(times):
        for name in names:
            record = open_record(open_store(workspace), name)
            open_index(index_url, record.workspace).put([read_entry(record)])


def test_many_processes_write_at_once_and_no_row_is_lost(records, index_url):
    """The first of them also make the tables, all at once; half of the rows are everyone's."""
    names = [f"job-{number}" for number in range(7)]
    for name in names:
        records.create(name)
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(
            target=_put_often, args=(str(records.workspace), index_url, [own, *names[:3]], 3)
        )
        for own in names[3:]
    ]
    for each in workers:
        each.start()
    for each in workers:
        each.join()

    assert [each.exitcode for each in workers] == [0] * len(workers)
    assert set(opened(records, index_url).known()) == set(names)


WRITER = """
import sys
from framework.storage import open_store
from framework.jobs.index import open_index, read_entry
from framework.jobs.record import open_record

workspace, index_url, name = sys.argv[1:]
record = open_record(open_store(workspace), name)
index = open_index(index_url or None, record.workspace)
entry = read_entry(record)
while True:
    index.put([entry] * 1)
    index.remove([name])
    index.put([entry])
    print("put", flush=True)
"""


def test_writers_that_are_killed_leave_a_sound_index(records, index_url):
    for name in ("a", "b", "c"):
        records.create(name)
    for round_ in range(3):
        words = [str(records.workspace), index_url or "", "abc"[round_ % 3]]
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, *words],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        ) as writer:
            for _ in range(1 + 5 * round_):
                assert writer.stdout.readline()
            writer.send_signal(signal.SIGKILL)

        assert listed(records, index_url) == dict.fromkeys("abc", "Completed")
    assert not (records.workspace / "index.db.broken").exists()


def test_what_people_ask_for_by_sql_is_in_columns_of_its_own(records, index_url):
    from sqlalchemy import text

    records.create("job", "Failed", endpoint="e", error="why", tags={"a": "ä"})
    listed(records, index_url)
    query = text(
        "SELECT endpoint, files, failed, tags, error FROM batch_jobs WHERE status = 'Failed'"
    )
    database = opened(records, index_url)._database
    (row,) = database.run(lambda connection: connection.execute(query).all())

    assert tuple(row)[:3] == ("e", 3, 1)
    assert json.loads(row.tags) == {"a": "ä"}
    assert row.error == "why"
