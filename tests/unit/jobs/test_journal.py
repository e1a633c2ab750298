from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.errors import SupersededError
from framework.jobs import journal as module
from framework.jobs.journal import INPUTS, LEDGER, Journal, is_gone, read_log, this_process
from framework.jobs.record import open_record
from framework.storage import open_store


def entries(record, log: str = LEDGER) -> list:
    return [entry for entry in read_log(record, log) if "seals" not in entry]


def write(journal: Journal, *values, log: str = LEDGER) -> None:
    journal.append(log, *({"value": value} for value in values))
    journal.sync(log)


def values(record, log: str = LEDGER) -> list:
    return [entry["value"] for entry in entries(record, log)]


def segment(record, epoch: int, log: str = LEDGER):
    return Path(record.url(log, f"{epoch:06d}.jsonl"))


def test_what_was_written_is_read_in_order(record, claim):
    first = claim()
    write(first, 1, 2)
    write(first, 3)
    second = claim()
    write(second, 4)

    assert (first.epoch, second.epoch) == (1, 2)
    assert values(record) == [1, 2, 3, 4]


def test_the_logs_are_apart(record, claim):
    journal = claim()
    write(journal, "l")
    write(journal, "i", log=INPUTS)

    assert (values(record), values(record, INPUTS)) == (["l"], ["i"])


def test_a_job_that_nobody_has_claimed_has_empty_logs(record):
    assert list(read_log(record, LEDGER)) == []
    assert record.epoch == 0


@pytest.mark.parametrize("attempt", range(10))
def test_of_two_drivers_that_claim_at_once_one_is_superseded(record, attempt):
    barrier = threading.Barrier(2)
    got: list[object] = []

    def claim() -> None:
        barrier.wait()
        try:
            got.append(Journal.claim(record, started_at="now"))
        except SupersededError as error:
            got.append(error)

    threads = [threading.Thread(target=claim) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    journals = [each for each in got if isinstance(each, Journal)]
    assert 1 <= len(journals) <= 2  # one after the other is two epochs
    assert len({journal.epoch for journal in journals}) == len(journals)
    assert len(record.epochs()) == len(journals)
    for journal in journals:
        journal.close()


def test_a_claim_that_comes_too_late_is_refused_in_one_line(record, monkeypatch):
    Journal.claim(record, started_at="now").close()
    monkeypatch.setattr(type(record), "epoch", property(lambda _self: 0))

    with pytest.raises(SupersededError) as raised:
        Journal.claim(record, started_at="now")
    assert record.name in str(raised.value)


def test_what_a_driver_writes_after_it_was_succeeded_is_ignored(record, claim):
    stale = claim()
    write(stale, "before")
    write(stale, "before", log=INPUTS)
    current = claim()
    write(stale, "after", "and after")
    write(stale, "after", log=INPUTS)
    write(current, "ours")

    assert values(record) == ["before", "ours"]
    assert values(record, INPUTS) == ["before"]


def test_what_counts_is_the_same_for_all_later_drivers(record, claim):
    first = claim()
    write(first, 1)
    second = claim()
    write(first, "stale")
    write(second, 2)
    third = claim()
    write(first, "stale")
    write(second, "stale")
    write(third, 3)
    claim()

    assert values(record) == [1, 2, 3]


def test_a_driver_that_died_between_claim_and_seal_hides_nothing(record, claim):
    first = claim()
    write(first, 1)
    second = claim()
    second.close()
    segment(record, 2).unlink()  # its claim is there, not its first words
    write(first, 2)
    third = claim()
    write(first, "stale")
    write(third, 3)

    assert values(record) == [1, 2, 3]


@pytest.mark.parametrize("kept", [0, 1, 10])
def test_a_driver_that_died_while_sealing_hides_nothing(record, claim, kept):
    first = claim()
    write(first, 1)
    claim().close()
    os.truncate(segment(record, 2), kept)
    third = claim()
    write(third, 3)

    assert values(record) == [1, 3]


def test_a_driver_that_slept_between_claim_and_seal_is_ignored(record, claim, monkeypatch):
    first = claim()
    write(first, 1)
    sleeping = Journal(record, 2)
    record.workspace.create(record.path("epochs", "000002.json"), b"{}")
    third = claim()
    write(first, "stale")
    # It wakes up, and seals and writes as if nothing had happened.
    sleeping.append(LEDGER, {"seals": {"ledger/000001.jsonl": 10**6}}, {"value": "stale"})
    sleeping.sync(LEDGER)
    sleeping.close()
    write(third, 3)

    assert values(record) == [1, 3]


@pytest.mark.parametrize("torn", [b"{", b'{"value": 2}', b'{"value"', b"\0\0\0\0", b"\xff"])
def test_a_torn_last_line_is_dropped(record, claim, torn):
    journal = claim()
    write(journal, 1)
    with segment(record, 1).open("ab") as file:
        file.write(torn)

    assert values(record) == [1]
    write(claim(), 3)
    assert values(record) == [1, 3]


@pytest.mark.parametrize("garbage", [b"\0" * 64 + b"\n", b"\xff\xfe\n", b'{"value": \n'], ids=repr)
def test_pages_that_a_power_cut_left_unwritten_are_dropped_with_what_follows(
    record, claim, garbage
):
    journal = claim()
    write(journal, 1)
    with segment(record, 1).open("ab") as file:
        file.write(garbage + b'{"value":2}\n')

    assert values(record) == [1]
    write(claim(), 3)
    assert values(record) == [1, 3]


def test_only_what_earlier_drivers_wrote(record, claim):
    for number in (1, 2, 3):
        write(claim(), number, log=INPUTS)

    assert [each["value"] for each in read_log(record, INPUTS, before=3)] == [1, 2]


def test_a_driver_notices_that_it_was_succeeded(record, claim):
    first = claim()
    first.check_still_ours()
    second = claim()

    with pytest.raises(SupersededError):
        first.check_still_ours()
    second.check_still_ours()


def test_odd_names_and_texts_survive(record, claim):
    odd = [os.fsdecode(b"\xff\n\x00"), "ü\u2028日本", '"\\', {"a": [1.5, None]}]
    write(claim(), *odd)

    assert values(record) == odd


def test_more_than_a_million_drivers_would_still_be_in_order(record):
    for epoch in (9, 10, 999_999, 1_000_000):
        record.workspace.create(record.path("epochs", f"{epoch:06d}.json"), b"{}")

    assert record.epoch == 1_000_000


def test_a_claim_tells_host_process_and_birth(record, claim):
    claim()

    told = record.claim(1)
    assert (told["host"], told["pid"]) == (socket.gethostname(), os.getpid())
    assert told["started_at"] == "now"
    assert not is_gone(told)


def test_a_driver_that_died_on_this_host_is_gone():
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    here = this_process()

    assert is_gone({**here, "pid": dead.pid})
    assert is_gone({**here, "born": here["born"] - 1000})  # its number was given again
    assert not is_gone({**here, "pid": dead.pid, "host": "another"})


def test_a_claim_names_no_secret_of_the_environment(record, claim, monkeypatch):
    monkeypatch.setenv("API_TOKEN", "hunter2")
    claim()

    assert "hunter2" not in json.dumps(record.claim(1))


actions = st.lists(
    st.one_of(
        st.just(("claim", 0)),
        st.tuples(st.just("write"), st.integers(0, 3)),
        st.tuples(st.just("tear"), st.integers(0, 3)),
    ),
    max_size=14,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(actions)
def test_what_counts_is_what_the_current_driver_wrote_whoever_else_writes(
    tmp_path_factory, actions
):
    record = open_record(open_store(str(tmp_path_factory.mktemp("w"))), "job")
    drivers, expected, number, torn = [], [], 0, set()
    for action, which in [("claim", 0), *actions]:
        if action == "claim":
            drivers.append(Journal.claim(record, started_at="now"))
            continue
        driver = drivers[which % len(drivers)]
        is_current = driver is drivers[-1]
        if action == "write" and driver.epoch not in torn:
            number += 1
            write(driver, number)
            expected += [number] if is_current else []
        elif action == "tear" and not is_current:
            torn.add(driver.epoch)
            with segment(record, driver.epoch).open("ab") as file:
                file.write(b'{"value')
        assert values(record) == expected
    for driver in drivers:
        driver.close()


def test_reading_needs_memory_for_a_line_not_for_the_log(record, claim):
    journal = claim()
    journal.append(LEDGER, *({"value": number} for number in range(10_000)))
    journal.sync(LEDGER)

    log = read_log(record, module.LEDGER)
    assert [next(log)["seals"], next(log)["value"], next(log)["value"]] == [{}, 0, 1]
    log.close()
