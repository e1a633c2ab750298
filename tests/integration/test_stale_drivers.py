"""A driver that was stopped, was taken for dead and wakes up changes nothing any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework.errors import SupersededError
from framework.jobs.journal import INPUTS, LEDGER, Journal, read_log
from framework.jobs.record import open_record
from framework.storage import open_store


@pytest.fixture
def record(tmp_path):
    record = open_record(open_store(str(tmp_path)), "job")
    record.create({"name": "job"})
    return record


def claim(record) -> Journal:
    return Journal.claim(record, started_at="2026-01-01T00:00:00.000Z")


def write(journal, log, *entries):
    journal.append(log, *entries)
    journal.sync(log)


def entries(record, log):
    return [entry for entry in read_log(record, log) if "seals" not in entry]


def test_what_was_written_before_the_takeover_stays(record):
    first = claim(record)
    write(first, LEDGER, {"a": 1}, {"a": 2})
    second = claim(record)
    write(second, LEDGER, {"a": 3})
    third = claim(record)
    write(third, LEDGER, {"a": 4})

    assert entries(record, LEDGER) == [{"a": 1}, {"a": 2}, {"a": 3}, {"a": 4}]


@pytest.mark.parametrize("log", [LEDGER, INPUTS])
def test_what_a_stale_driver_adds_is_ignored_by_all_its_successors(record, log):
    stale = claim(record)
    write(stale, log, {"a": 1})
    second = claim(record)
    write(stale, log, {"stale": 1})
    write(second, log, {"a": 2})
    assert entries(record, log) == [{"a": 1}, {"a": 2}]
    third = claim(record)
    write(stale, log, {"stale": 2})
    write(second, log, {"stale": 3})
    write(third, log, {"a": 3})

    assert entries(record, log) == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_a_list_of_inputs_that_a_stale_driver_only_then_begins_is_ignored(record):
    stale = claim(record)
    second = claim(record)
    write(second, INPUTS, ["a.txt", 1, ""], {"files": 1})
    write(stale, INPUTS, ["a.txt", 1, ""], {"files": 1})

    assert entries(record, INPUTS) == [["a.txt", 1, ""], {"files": 1}]
    third = claim(record)
    assert entries(record, INPUTS) == [["a.txt", 1, ""], {"files": 1}]
    third.close()


def test_a_driver_stopped_before_its_first_words_seals_nothing_when_it_wakes(record, monkeypatch):
    first = claim(record)
    write(first, LEDGER, {"a": 1})
    with monkeypatch.context() as stopped:  # between its claim and its seals
        stopped.setattr(Journal, "append", lambda *_: None)
        stopped.setattr(Journal, "sync", lambda *_: None)
        second = claim(record)
    third = claim(record)
    write(third, LEDGER, {"a": 3})
    write(first, LEDGER, {"stale": 1})
    seals = {f"ledger/{n:06d}.jsonl": 10_000 for n in (1, 2)}
    write(second, LEDGER, {"seals": seals}, {"stale": 2})

    assert entries(record, LEDGER) == [{"a": 1}, {"a": 3}]
    fourth = claim(record)
    assert entries(record, LEDGER) == [{"a": 1}, {"a": 3}]
    fourth.close()


def test_a_line_that_was_half_written_at_the_takeover_is_ignored_for_good(record):
    stale = claim(record)
    write(stale, LEDGER, {"a": 1})
    segment = Path(record.url(LEDGER, "000001.jsonl"))
    with segment.open("ab") as torn:
        torn.write(b'{"a":')
    second = claim(record)
    with segment.open("ab") as torn:
        torn.write(b"2}\n")

    assert entries(record, LEDGER) == [{"a": 1}]
    second.close()


@pytest.mark.parametrize("log", [LEDGER, INPUTS])
@pytest.mark.parametrize("garbage", [b'{"a":2', b'{"a":2}', b"\0" * 5000, b"\xff\xfe{", b"null"])
def test_a_torn_last_line_is_dropped(record, log, garbage):
    first = claim(record)
    write(first, log, {"a": 1})
    first.close()
    with Path(record.url(log, "000001.jsonl")).open("ab") as segment:
        segment.write(garbage)

    assert entries(record, log) == [{"a": 1}]
    second = claim(record)
    write(second, log, {"a": 3})
    assert entries(record, log) == [{"a": 1}, {"a": 3}]


def test_only_the_newest_driver_may_commit(record):
    first = claim(record)
    first.check_still_ours()
    second = claim(record)

    second.check_still_ours()
    with pytest.raises(SupersededError, match="another driver"):
        first.check_still_ours()


def test_of_two_drivers_that_claim_at_once_one_wins(record, monkeypatch):
    first = claim(record)
    monkeypatch.setattr(type(record), "epoch", 0)  # the other one looked before the first claim

    with pytest.raises(SupersededError, match="just taken it over"):
        claim(record)
    first.close()
