from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from framework.domain.states import JobStatus
from framework.errors import JobError, NotFoundError, OutputExistsError, UsageError
from framework.jobs.clock import now, parse
from framework.jobs.job import Job, find_job
from framework.jobs.journal import Journal, this_process
from framework.jobs.record import job_names, open_record
from framework.jobs.requests import is_cancel_requested
from framework.storage import open_store

KEYS = [
    "name",
    "status",
    "endpoint",
    "deployment",
    "model",
    "input",
    "output",
    "counts",
    "created_at",
    "started_at",
    "ended_at",
    "dashboard_url",
    "report",
    "error",
]
COUNTS = {"files": 0, "succeeded": 0, "failed": 0, "rows": 0, "tries": 0}


def ago(**time) -> str:
    moment = datetime.now(UTC) - timedelta(**time)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def create(record, *, created_at: str | None = None, creator: dict | None = None) -> None:
    created_at = created_at or now()
    record.create(
        {
            "name": record.name,
            "created_at": created_at,
            "creator": {**(creator or this_process()), "started_at": created_at},
            "document": {"mini_batch_size": 3},
            "summary": {
                "name": record.name,
                "status": "NotStarted",
                "input": "data/",
                "output": "/out/predictions.csv",
                "counts": COUNTS,
                "created_at": created_at,
            },
        }
    )


def claim(record, epoch: int, *, started_at: str | None = None, **changes) -> None:
    told = {**this_process(), "started_at": started_at or now(), **changes}
    record.workspace.create(record.path("epochs", f"{epoch:06d}.json"), json.dumps(told).encode())


def say(record, epoch: int, status: str, *, updated_at: str | None = None, **more) -> None:
    told = {"status": status, "counts": COUNTS, "updated_at": updated_at or now(), **more}
    record.write_summary(epoch, told)


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_the_keys_are_always_the_same(record):
    create(record)
    assert list(Job(record).summary()) == KEYS

    claim(record, 1)
    say(record, 1, "Running", surprise="more")
    assert list(Job(record).summary()) == KEYS


@pytest.mark.parametrize("status", ["Preparing", "Running", "Finalizing"])
def test_a_job_whose_driver_is_dead_has_failed(record, status):
    create(record)
    claim(record, 1, pid=dead_pid())
    say(record, 1, status)

    told = Job(record).summary()
    assert told["status"] == JobStatus.FAILED
    assert "died" in told["error"]
    assert Job(record).status.is_resumable


@pytest.mark.parametrize("status", ["Completed", "Failed", "Canceled"])
def test_what_ended_stays_what_it_was_when_its_driver_is_gone(record, status):
    create(record, created_at=ago(days=3))
    claim(record, 1, pid=dead_pid())
    say(record, 1, status, updated_at=ago(days=3), error="as it was")

    assert Job(record).summary()["status"] == status
    assert Job(record).summary()["error"] == "as it was"


def test_a_job_whose_driver_is_heard_of_is_running(record):
    create(record, created_at=ago(hours=5))
    claim(record, 1, started_at=ago(hours=5))
    say(record, 1, "Running")

    assert Job(record).status == JobStatus.RUNNING


def test_a_driver_on_another_host_is_alive_as_long_as_it_is_heard_of(record):
    create(record, created_at=ago(hours=5))
    claim(record, 1, host="another", pid=dead_pid(), started_at=ago(hours=5))
    say(record, 1, "Running")
    assert Job(record).status == JobStatus.RUNNING

    say(record, 1, "Running", updated_at=ago(minutes=5))
    assert Job(record).status == JobStatus.FAILED


def test_a_number_that_was_given_to_another_process_is_no_life_sign(record):
    create(record)
    claim(record, 1, born=this_process()["born"] - 1000)
    say(record, 1, "Running")

    assert Job(record).status == JobStatus.FAILED


def test_a_driver_that_was_killed_and_not_waited_for_yet_is_dead(record):
    create(record)
    killed = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    born = psutil.Process(killed.pid).create_time()
    claim(record, 1, pid=killed.pid, born=born)
    say(record, 1, "Running")
    assert Job(record).status == JobStatus.RUNNING

    killed.kill()
    os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)
    assert Job(record).status == JobStatus.FAILED
    killed.communicate()


def test_an_output_that_was_removed_is_missed(record, tmp_path):
    output = tmp_path / "out put" / "predictions.csv"
    create(record)
    claim(record, 1)
    say(record, 1, "Completed", output=str(output))
    with pytest.raises(NotFoundError, match="not there any more"):
        Job(record).check_output()

    output.parent.mkdir()
    output.touch()
    Job(record).check_output()


def test_a_job_without_an_output_misses_none(record):
    create(record)
    Job(record).check_output()
    claim(record, 1)
    say(record, 1, "Completed", output=None)
    Job(record).check_output()


def test_the_newest_driver_says_how_it_is(record):
    create(record, created_at=ago(days=1))
    claim(record, 1, pid=dead_pid())
    say(record, 1, "Failed", error="before", updated_at=ago(hours=20))
    claim(record, 2)
    say(record, 2, "Running")
    say(record, 1, "Failed", error="a late word of the first")

    told = Job(record).summary()
    assert (told["status"], told["error"]) == ("Running", None)


def test_a_driver_that_has_just_begun_is_not_taken_for_dead(record):
    """Between its claim and its first word, another terminal must not take the job over."""
    create(record, created_at=ago(days=1))
    claim(record, 1, pid=dead_pid(), started_at=ago(days=1))
    say(record, 1, "Running", updated_at=ago(days=1))
    claim(record, 2)

    assert Job(record).status == JobStatus.NOT_STARTED


def test_a_job_that_was_written_down_and_never_begun_has_failed_after_a_while(record):
    create(record)
    assert Job(record).status == JobStatus.NOT_STARTED

    other = open_record(record.workspace, "older")
    create(other, created_at=ago(minutes=10))
    assert Job(other).status == JobStatus.FAILED


def test_a_job_whose_creator_died_before_it_drove_it_has_failed_at_once(record):
    create(record, creator={**this_process(), "pid": dead_pid()})

    assert Job(record).status == JobStatus.FAILED


def test_a_job_is_found_by_name_and_a_misspelt_one_is_named(record):
    create(record)
    url = record.workspace.url

    assert find_job(open_store(url), "job").name == "job"
    with pytest.raises(NotFoundError) as raised:
        find_job(open_store(url), "jobb")
    assert raised.value.exit_code == 4
    assert "did you mean job?" in str(raised.value)


def test_in_an_empty_workspace_nothing_is_found(tmp_path):
    with pytest.raises(NotFoundError):
        find_job(open_store(str(tmp_path / "nowhere")), "job")
    assert not (tmp_path / "nowhere").exists()


def test_only_whole_records_are_jobs(record):
    for name in ("b", "a"):
        create(open_record(record.workspace, name))
    record.workspace.write("jobs/stray.txt", b"no job")
    record.workspace.write("jobs/half/ledger/000001.jsonl", b"")

    assert job_names(record.workspace) == ["a", "b"]


def test_a_name_is_taken_once(record):
    create(record)

    with pytest.raises(FileExistsError):
        create(record)


def test_a_cancel_request_is_seen_by_all_at_once_and_addresses_one_driver(record):
    create(record)
    journal = Journal.claim(record, started_at=now())
    Job(record).cancel()
    Job(record).cancel()
    assert Job(record).status == JobStatus.CANCEL_REQUESTED
    assert is_cancel_requested(record, journal.epoch)
    later = Journal.claim(record, started_at=now())
    assert not is_cancel_requested(record, later.epoch)
    assert Job(record).status == JobStatus.NOT_STARTED


def test_a_request_before_the_first_driver_reaches_it_but_not_that_of_a_resume(record):
    create(record)
    Job(record).cancel()
    assert Job(record).status == JobStatus.CANCEL_REQUESTED
    journal = Journal.claim(record, started_at=now())
    assert is_cancel_requested(record, journal.epoch)
    path = record.path("epochs", "000001.json")
    record.workspace.write(path, json.dumps({**this_process(), "born": 1.0}).encode())
    assert not is_cancel_requested(record, journal.epoch)


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED])
def test_a_job_that_has_ended_is_not_canceled(record, status):
    create(record)
    Journal.claim(record, started_at=now())
    record.write_summary(1, {"status": status, "error": "why"})
    with pytest.raises(UsageError, match=f"job job can't be canceled, it is {status}: why"):
        Job(record).cancel()
    assert not is_cancel_requested(record, 1)


def test_a_job_that_is_canceled_already_stays_so(record):
    create(record)
    Journal.claim(record, started_at=now())
    record.write_summary(1, {"status": JobStatus.CANCELED})
    Job(record).cancel()
    assert Job(record).status == JobStatus.CANCELED


def test_why_a_job_ended_is_known_to_other_processes_too(record):
    create(record)
    Journal.claim(record, started_at=now())
    assert Job(record).failure() is None
    ended = {"status": JobStatus.FAILED, "error": "it is there", "error_kind": "OutputExistsError"}
    record.write_summary(1, ended)
    assert isinstance(Job(record).failure(), OutputExistsError)
    record.write_summary(1, {**ended, "error_kind": "FrameworkError.__class__"})
    assert type(Job(record).failure()) is JobError


def test_a_job_shows_itself_in_one_line(record):
    create(record)
    claim(record, 1)
    say(record, 1, "Running", counts={**COUNTS, "files": 12_345, "succeeded": 1_000, "failed": 2})

    assert repr(Job(record)) == ("<Job job: Running, 1,000 of 12,345 files succeeded, 2 failed>")


def test_moments_are_read_as_they_were_written():
    moment = now()

    assert moment.endswith("Z")
    assert parse(moment).utcoffset() == timedelta(0)
    assert abs(parse(moment) - datetime.now(UTC)) < timedelta(hours=1)
