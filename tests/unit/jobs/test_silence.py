from __future__ import annotations

import json

from framework.domain.states import JobStatus
from framework.jobs.journal import Journal, this_process
from framework.jobs.record import JobRecord
from framework.jobs.silence import is_only_silent


def claimed(record: JobRecord, **changed: object) -> None:
    record.create({"creator": this_process()})
    Journal.claim(record, started_at="now").close()
    claim = {**this_process(), **changed}
    record.workspace.write(record.path("epochs", "000001.json"), json.dumps(claim).encode())


def test_a_driver_that_lives_may_yet_speak(record: JobRecord) -> None:
    claimed(record)
    record.write_summary(1, {"status": JobStatus.RUNNING})
    assert is_only_silent(record)


def test_one_on_another_machine_may_too(record: JobRecord) -> None:
    claimed(record, host="elsewhere", pid=1)
    assert is_only_silent(record)


def test_one_whose_process_is_gone_never_speaks_again(record: JobRecord) -> None:
    claimed(record, born=1.0)
    record.write_summary(1, {"status": JobStatus.RUNNING})
    assert not is_only_silent(record)


def test_one_that_has_said_its_last_word_is_not_silent(record: JobRecord) -> None:
    claimed(record)
    record.write_summary(1, {"status": JobStatus.FAILED})
    assert not is_only_silent(record)
