from __future__ import annotations

import sys
import threading

import pytest

from framework.domain.states import JobStatus
from framework.errors import StorageError
from framework.jobs.index import feed as feeding
from framework.jobs.index.feed import IndexFeed
from framework.jobs.observing import Reporter, SilentObserver
from framework.plugin import load_plugins

LONG_S = 60.0


class FakeIndex:
    """Keeps the statuses that were put; may be held up, or fail."""

    def __init__(self) -> None:
        self.statuses: list[str] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.has_put = threading.Event()
        self.error: Exception | None = None

    def put(self, entries) -> None:
        assert self.may_go_on.wait(LONG_S)
        if self.error is not None:
            raise self.error
        self.statuses += [str(each.status) for each in entries]
        self.has_put.set()


@pytest.fixture
def index(monkeypatch) -> FakeIndex:
    fake = FakeIndex()
    monkeypatch.setattr(feeding, "open_index", lambda url, workspace: fake)
    return fake


@pytest.fixture
def feed(records):
    """The feed of a job that runs."""
    made = IndexFeed(records.create("job", "Running"), None, start_s=0.0)
    yield made
    made.close()
    made.join(LONG_S)


def test_a_change_of_status_is_written(index, feed, records):
    feed.start()
    feed.changed(is_status=True)
    assert index.has_put.wait(LONG_S)

    assert index.statuses == ["Running"]


def test_progress_is_not_written_each_time(index, feed):
    feed.start()
    for _ in range(100):
        feed.changed(is_status=False)
    feed.close()
    feed.join(LONG_S)

    assert index.statuses == ["Running"]  # the last word


def test_the_last_word_is_written_also_of_a_job_that_was_short(index, records):
    made = IndexFeed(records.create("job", "Running"), None, start_s=LONG_S)
    made.start()
    made.changed(is_status=True)
    records.say("job", "Completed")
    made.close()
    made.join(LONG_S)

    assert index.statuses == ["Completed"]


def test_an_index_that_hangs_holds_nobody_up(index, feed, records):
    index.may_go_on.clear()
    feed.start()
    feed.changed(is_status=True)
    records.say("job", "Completed")
    feed.changed(is_status=True)
    feed.close()
    feed.join(0.01)  # as at the process's end

    assert index.statuses == []
    index.may_go_on.set()
    feed.join(LONG_S)
    assert index.statuses[-1] == "Completed"


@pytest.mark.parametrize("error", [StorageError("the server is gone"), RuntimeError("a driver's")])
def test_an_index_that_fails_is_one_warning(index, feed, caplog, error):
    index.error = error
    feed.start()
    for _ in range(3):
        feed.changed(is_status=True)
    feed.close()
    feed.join(LONG_S)

    told = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert told == [f"job job goes on without the index: {error}"]


def test_a_job_that_was_deleted_meanwhile_is_not_written(index, feed, records, caplog):
    feed.start()
    records.store.delete("jobs/job")
    feed.changed(is_status=True)
    feed.close()
    feed.join(LONG_S)

    assert index.statuses == []
    assert not caplog.records


def test_one_that_never_began_can_be_ended(records):
    IndexFeed(records.create("job"), None).join()


def test_a_reporter_feeds_the_index_to_the_jobs_end(index, records):
    record = records.create("job", "NotStarted")
    made = IndexFeed(record, None, start_s=0.0)
    summary = {**record.identity()["summary"], "status": "NotStarted"}
    reporter = Reporter(record, 1, SilentObserver(), load_plugins(), summary, made)
    reporter.start()
    reporter.status(JobStatus.RUNNING)
    assert index.has_put.wait(LONG_S)
    reporter.status(JobStatus.COMPLETED)
    reporter.close()
    made.join(LONG_S)

    assert index.statuses[-1] == "Completed"


def test_what_runs_a_job_does_not_load_a_database_library():
    import subprocess

    program = (
        "import sys, framework.jobs.starting, framework.cli.job_list, framework.cli.job_delete;"
        "print([each for each in ('sqlalchemy', 'psycopg', 'sqlite3') if each in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.stdout.strip() == "[]", told.stderr
