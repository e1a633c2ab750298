from __future__ import annotations

import pytest

from framework.errors import NotFoundError, StorageError
from framework.jobs.archiving import archive, is_archived, restore
from framework.jobs.index.entries import read_entry, stamp_of


@pytest.mark.parametrize(
    "change",
    [
        lambda records: records.drive("job", "Failed"),
        lambda records: records.say("job", "Completed"),
        lambda records: archive(records.record("job")),
        lambda records: records.store.write("jobs/job/report.html", b""),
        lambda records: records.store.delete("jobs/job"),
    ],
    ids=["a driver", "a word", "archived", "a report", "deleted"],
)
def test_a_stamp_changes_with_the_record(records, change):
    record = records.create("job", "Running")
    before = stamp_of(record)
    assert stamp_of(record) == before
    _let_the_clock_tick(records)
    change(records)

    assert stamp_of(record) != before


def _let_the_clock_tick(records) -> None:
    """A file system's clock ticks every few milliseconds."""
    other = records.record("other")
    records.store.write("jobs/other/file", b"")
    before = stamp_of(other)
    while stamp_of(other) == before:
        records.store.write("jobs/other/file", b"")


def test_an_entry_is_what_the_record_says(records):
    entry = read_entry(records.create("job", "Failed", endpoint="e", tags={"a": "b"}))

    assert (entry.name, entry.status, entry.tags, entry.is_archived) == (
        "job",
        "Failed",
        {"a": "b"},
        False,
    )
    assert entry.summary["endpoint"] == "e"
    assert entry.epoch == 1
    assert entry.updated_at is not None


def test_the_mark_of_an_archived_job_comes_and_goes(records):
    record = records.create("job")
    archive(record)
    archive(record)
    assert is_archived(record)
    assert read_entry(record).is_archived

    restore(record)
    restore(record)
    assert not read_entry(record).is_archived


@pytest.mark.parametrize("change", [archive, restore, read_entry])
def test_what_is_not_there_is_not_found(records, change):
    with pytest.raises(NotFoundError):
        change(records.record("nobody"))
    assert not records.workspace.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"summary": 3}', b"\xff"])
def test_a_damaged_record_says_so(records, content):
    record = records.create("job")
    records.store.write("jobs/job/job.json", content)

    with pytest.raises(StorageError, match="job job: its record is damaged"):
        read_entry(record)
