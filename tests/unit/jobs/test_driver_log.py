from __future__ import annotations

import pytest

from framework.jobs.driver_log import NOTICE, DriverLog
from framework.jobs.record import JobRecord


def test_each_line_has_its_moment_and_its_kind_and_no_secret(record: JobRecord) -> None:
    record.local("logs").mkdir(parents=True)
    DriverLog(record).add(NOTICE, "https://host/a?sig=PRIVATE\nsecond \udcff")
    lines = record.local("logs", "driver.log").read_bytes().splitlines()
    assert [line.split(b" ", 2)[1:] for line in lines] == [
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
