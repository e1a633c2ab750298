from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.domain.files import InputFile
from framework.domain.mini_batches import plan_mini_batches
from framework.errors import FrameworkError, InputError
from framework.jobs import listing as module
from framework.jobs.journal import INPUTS, Journal, read_log
from framework.jobs.ledger import DoneSet
from framework.jobs.listing import Listing
from framework.jobs.record import open_record
from framework.jobs.source import PlannedSource
from framework.settings import Settings
from framework.storage import open_store

PATIENCE_S = 30.0


def some_files(count: int) -> list[InputFile]:
    return [InputFile(f"{place:06d}.txt", place % 7, str(place)) for place in range(count)]


def lister(files: list[InputFile]):
    """Lists them as an input does: those after a path."""

    def list_files(after: str | None) -> Iterator[InputFile]:
        return (file for file in files if after is None or file.path > after)

    return list_files


def unwatched() -> None:
    pass


def finish(listing: Listing) -> list[InputFile]:
    """Lists to the end; all files as they are read."""
    listing.start()
    while not listing.is_complete and listing.error is None:
        listing._thread.join(PATIENCE_S)
    return [file for file in listing.files() if file is not None]


def written(record) -> list[InputFile]:
    return [InputFile(*entry) for entry in read_log(record, INPUTS) if isinstance(entry, list)]


@pytest.mark.parametrize("count", [0, 1, 999, 1_000, 1_001, 5_000])
def test_all_files_are_read_in_order(claim, count):
    listing = Listing(claim(), lister(some_files(count)), unwatched)

    assert finish(listing) == some_files(count)
    assert listing.known == count


def test_files_can_be_read_by_several(claim):
    listing = Listing(claim(), lister(some_files(10)), unwatched)

    assert finish(listing) == list(listing.files()) == some_files(10)


def test_nothing_is_offered_that_is_not_written_down(record, claim):
    gate, seen = threading.Event(), threading.Event()

    def list_files(after):
        yield from some_files(1_000)
        seen.set()
        gate.wait(PATIENCE_S)
        yield from some_files(1_500)[1_000:]

    listing = Listing(claim(), list_files, unwatched)
    listing.start()
    seen.wait(PATIENCE_S)
    files = listing.files()
    offered = []
    while (file := next(files)) is not None:
        offered.append(file)
    assert offered == written(record)[: len(offered)]
    assert next(files) is None  # and asking again does not wait

    gate.set()
    listing._thread.join(PATIENCE_S)
    assert [*offered, *(file for file in files if file is not None)] == some_files(1_500)


def test_those_who_wait_are_told_of_more_and_of_the_end(claim):
    told = []
    listing = Listing(
        claim(),
        lister(some_files(3_000)),
        lambda: told.append((listing.known, listing.is_complete)),
    )
    finish(listing)

    assert told[-1] == (3_000, True)
    assert [known for known, _ in told] == sorted(known for known, _ in told)


@pytest.mark.parametrize("after", [0, 1, 500, 1_000, 1_400])
def test_a_listing_that_was_cut_short_is_continued_as_if_nothing_had_been(record, claim, after):
    files = some_files(1_400)
    first = claim()
    first.append(INPUTS, *files[:after])
    first.sync(INPUTS)
    asked = []

    def list_files(path):
        asked.append(path)
        return lister(files)(path)

    listing = Listing(claim(), list_files, unwatched)
    assert finish(listing) == written(record) == files
    assert asked == [files[after - 1].path if after else None]


def test_a_complete_listing_is_never_made_again(claim):
    finish(Listing(claim(), lister(some_files(30)), unwatched))
    told = []

    def refuse(after):
        raise AssertionError("listed again")

    again = Listing(claim(), refuse, lambda: told.append(True))
    again.start()
    assert again.is_complete
    assert again.known == 30
    assert list(again.files()) == some_files(30)
    assert told == [True]


def test_a_torn_last_file_is_listed_again(record, claim):
    files = some_files(20)
    first = claim()
    first.append(INPUTS, *files[:10])
    first.sync(INPUTS)
    first.close()
    segment = Path(record.url(INPUTS, "000001.jsonl"))
    os.truncate(segment, segment.stat().st_size - 3)

    listing = Listing(claim(), lister(files), unwatched)
    assert finish(listing) == files
    assert listing.known == 20


def test_what_a_stale_driver_lists_is_ignored(record, claim):
    files = some_files(20)
    first = claim()
    first.append(INPUTS, *files[:5])
    first.sync(INPUTS)
    second = claim()
    first.append(INPUTS, *files[5:9], {"files": 9})
    first.sync(INPUTS)

    assert finish(Listing(second, lister(files), unwatched)) == files
    assert written(record) == files


def test_an_input_that_can_not_be_read_ends_the_listing_with_its_error(claim):
    def list_files(after):
        yield from some_files(3)
        raise InputError("data/x: can't be read")

    told = []
    listing = Listing(claim(), list_files, lambda: told.append(listing.error))
    listing.start()
    listing._thread.join(PATIENCE_S)

    assert isinstance(listing.error, InputError)
    assert not listing.is_complete
    assert told[-1] is listing.error


def test_whatever_goes_wrong_while_listing_is_told(claim):
    def list_files(after):
        yield from some_files(3)
        raise RuntimeError("who would have thought")

    told = []
    listing = Listing(claim(), list_files, lambda: told.append(listing.error))
    listing.start()
    listing._thread.join(PATIENCE_S)

    assert isinstance(listing.error, FrameworkError)
    assert "who would have thought" in str(listing.error)
    assert told[-1] is listing.error


def test_stopping_keeps_what_is_listed(record, claim):
    going_on = threading.Event()

    def endless(after):
        for number in range(10**9):
            if number == 5_000:
                going_on.set()
            yield InputFile(f"{number:09d}", 1)

    listing = Listing(claim(), endless, unwatched)
    listing.start()
    going_on.wait(PATIENCE_S)
    listing.stop()

    assert not listing.is_complete
    assert len(written(record)) == listing.known > 0


def test_stopping_what_was_never_started_does_no_harm(claim):
    Listing(claim(), lister([]), unwatched).stop()


def test_odd_names_come_back_as_they_were(claim):
    names = ["a\nb", "ü", "#", " ", '"', os.fsdecode(b"\xff"), "\u2028"]
    files = [InputFile(name, 1, "x") for name in sorted(names, key=os.fsencode)]

    assert finish(Listing(claim(), lambda after: iter(files), unwatched)) == files


# --- the source


def plan(listing: Listing, done: DoneSet | None = None, **options) -> PlannedSource:
    chosen = {"mini_batch_size": 4, **options}
    return PlannedSource(listing, Settings(**chosen), done or DoneSet())


def take_all(source: PlannedSource) -> list:
    taken = []
    while not source.is_exhausted:
        if (batch := source.take()) is not None:
            taken.append(batch)
    return taken


def test_the_source_gives_the_plan(claim):
    listing = Listing(claim(), lister(some_files(30)), unwatched)
    source = plan(listing, mini_batch_bytes=12)
    listing.start()

    assert take_all(source) == list(plan_mini_batches(some_files(30), max_files=4, max_bytes=12))


def test_the_source_leaves_out_what_the_ledger_holds(claim):
    done = DoneSet()
    for index in (0, 3, 7):
        done.add(index)
    listing = Listing(claim(), lister(some_files(30)), unwatched)
    finish(listing)

    expected = list(plan_mini_batches(some_files(30), max_files=4))
    assert take_all(plan(listing, done)) == [
        batch for batch in expected if batch.index not in (0, 3, 7)
    ]


def test_the_source_of_a_job_that_is_done_is_exhausted(claim):
    done = DoneSet()
    for index in range(8):
        done.add(index)
    listing = Listing(claim(), lister(some_files(30)), unwatched)
    finish(listing)
    source = plan(listing, done)

    assert source.take() is None
    assert source.is_exhausted


def test_the_source_waits_for_a_mini_batch_to_be_complete(claim):
    gate, seen = threading.Event(), threading.Event()

    def list_files(after):
        yield from some_files(1_000)
        seen.set()
        gate.wait(PATIENCE_S)
        yield from some_files(1_001)[1_000:]

    listing = Listing(claim(), list_files, unwatched)
    source = plan(listing, mini_batch_size=1_000)
    assert source.take() is None
    assert not source.is_exhausted
    assert source.remaining is None
    listing.start()
    seen.wait(PATIENCE_S)
    assert source.take() is None  # the thousandth may not be the last of it
    gate.set()

    assert [len(batch.files) for batch in take_all(source)] == [1_000, 1]


def test_what_remains_is_known_once_the_listing_has_ended(claim):
    listing = Listing(claim(), lister(some_files(40)), unwatched)
    finish(listing)
    source = plan(listing)
    left = []
    while not source.is_exhausted:
        source.take()
        left.append(source.remaining)

    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    assert left[0] == pytest.approx(9, abs=1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.lists(st.integers(0, 30), max_size=40),
    st.lists(st.integers(0, 40), max_size=4),
    st.integers(1, 5),
    st.none() | st.integers(1, 50),
)
def test_a_plan_does_not_depend_on_where_drivers_died(
    tmp_path_factory, sizes, deaths, max_files, max_bytes
):
    record = open_record(open_store(str(tmp_path_factory.mktemp("w"))), "job")
    files = [InputFile(f"{place:04d}", size) for place, size in enumerate(sizes)]
    listed = 0
    for death in sorted(deaths):
        journal = Journal.claim(record, started_at="now")
        journal.append(INPUTS, *files[listed:death])
        journal.sync(INPUTS)
        journal.close()
        listed = max(listed, min(death, len(files)))
    journal = Journal.claim(record, started_at="now")
    listing = Listing(journal, lister(files), unwatched)
    source = plan(listing, mini_batch_size=max_files, mini_batch_bytes=max_bytes)
    finish(listing)

    expected = plan_mini_batches(files, max_files=max_files, max_bytes=max_bytes)
    assert take_all(source) == list(expected)
    journal.close()


def test_the_first_files_are_offered_long_before_the_last(claim, monkeypatch):
    """Scoring begins while a listing of a hundred million files goes on."""
    monkeypatch.setattr(module, "_SYNC_S", 0.0)
    told = []

    def list_files(after):
        for number in range(5_000):
            yield InputFile(f"{number:06d}", 1)
            if number == 2_500:
                told.append(listing.known)

    listing = Listing(claim(), list_files, unwatched)
    finish(listing)
    assert told[0] >= 1_000
