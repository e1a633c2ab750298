from __future__ import annotations

from pathlib import Path

import pytest

from framework.jobs.driver_log import NOTICE, DriverLog
from framework.jobs.log_writer import FLUSH_S, LogWriter
from framework.jobs.record import JobRecord, open_record
from framework.storage import open_store


@pytest.fixture
def remote(request) -> JobRecord:
    return open_record(open_store(f"memory://{request.node.name}"), "job")


def written(record: JobRecord) -> bytes:
    return record.workspace.read_log(record.path("logs", "driver.log"))


def test_each_line_has_its_moment_and_its_kind_and_no_secret(record, remote) -> None:
    Path(record.url("logs")).mkdir(parents=True)
    for each in (record, remote):
        log = DriverLog(each)
        log.add(NOTICE, "https://host/a?sig=PRIVATE\nsecond \udcff")
        log.close()
        assert [line.split(b" ", 2)[1:] for line in written(each).splitlines()] == [
            [b"notice", b"https://host/a"],
            [b"notice", b"second \xff"],
        ]


def test_a_log_that_can_not_be_written_is_told_once_and_hinders_nothing(
    record: JobRecord, caplog: pytest.LogCaptureFixture
) -> None:
    log = DriverLog(record)  # its folder is not there
    log.add(NOTICE, "one")
    log.add(NOTICE, "two")
    assert len(caplog.records) == 1


def test_lines_for_a_store_of_objects_wait_for_each_other(remote: JobRecord) -> None:
    now = [100.0]
    log = LogWriter(remote, "driver.log", clock=lambda: now[0])
    log.add(b"first\n")
    log.add(b"second\n")
    assert written(remote) == b"first\n"
    now[0] += FLUSH_S
    log.add(b"third\n")
    assert written(remote) == b"first\nsecond\nthird\n"
    log.add(b"last\n")
    log.close()
    assert written(remote) == b"first\nsecond\nthird\nlast\n"
