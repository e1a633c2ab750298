"""What killed and deleted jobs leave behind goes; what a job may need stays."""

from __future__ import annotations

import os

import pytest

from framework.jobs.commit import token
from framework.jobs.orphans import find_orphans
from framework.jobs.record import JobRecord
from framework.storage import Store, open_store

LONG_AGO = (0, 1)


@pytest.fixture(params=["local", "memory"])
def workspace(request, records, tmp_path) -> Store:
    """A workspace on a disk, or in a store that knows no ages and has no paths."""
    if request.param == "memory":
        records.store = open_store(f"memory://orphans-{os.urandom(4).hex()}")
    return records.store


def put(store: Store, path: str, *, is_old: bool = True) -> None:
    store.create(path, b"12345")
    local = store.local_path(path)
    if local is not None and is_old:
        os.utime(local, LONG_AGO)


def found(workspace: Store) -> set[str]:
    return {orphan.path for orphan in find_orphans(workspace)}


def staged(record: JobRecord, folder: str, epoch: int = 1) -> str:
    return f"{folder}/.predictions.csv.{token(record, epoch)}.staged"


def test_only_what_no_job_needs_is_found_and_removed(workspace, records):
    folder = f"{workspace.url}/outputs"
    for name, status in (("done", "Completed"), ("failed", "Failed"), ("runs", "Running")):
        output = {"output": f"{folder}/{name}/predictions.csv"}
        record = records.create(name, status, **output)
        put(workspace, record.path("staging", "parts/1"))
        put(workspace, staged(record, f"outputs/{name}"))
        put(workspace, f"outputs/{name}/.mine.staged")
    put(workspace, "trash/gone-1234/job.json")
    half = records.create("half", "Completed")
    half.mark_deleted()
    put(workspace, "code/abc.zip")
    put(workspace, f"code/.x.zip.{'0' * 16}.tmp")
    put(workspace, f".{'0' * 16}.probe")

    away = records.create("away", "Completed", output=f"{folder}/away/predictions.csv")
    away.stage_at(f"{folder}/away/.away-12345678.staging")
    put(workspace, "outputs/away/.away-12345678.staging/parts/1")

    expected = {
        "trash/gone-1234",
        "jobs/half",
        "staging",
        ".away-12345678.staging",
        staged(records.record("done"), "outputs/done").rpartition("/")[2],
        staged(records.record("failed"), "outputs/failed").rpartition("/")[2],
        f"code/.x.zip.{'0' * 16}.tmp",
        f".{'0' * 16}.probe",
    }
    if workspace.local_path("") is not None:
        expected.add("code/abc.zip")  # where no ages are known, a job that runs keeps them all
    orphans = list(find_orphans(workspace))
    assert {orphan.path for orphan in orphans} == expected
    assert all(orphan.size >= 5 for orphan in orphans)

    for orphan in orphans:
        orphan.remove()

    assert not found(workspace)
    assert not workspace.exists("jobs/done/staging")
    assert not workspace.names("outputs/away")
    for name in ("failed", "runs"):
        assert workspace.exists(f"jobs/{name}/staging/parts/1")
        assert workspace.exists(f"outputs/{name}/.mine.staged")
    assert workspace.exists(staged(records.record("runs"), "outputs/runs"))


def test_a_snapshot_that_a_job_began_or_goes_on_with_stays(workspace, records):
    for name in ("first", "second", "third"):
        put(workspace, f"code/{name}.zip")
    record = records.create("job", "Failed")
    identity = {**record.identity(), "code": "code/first.zip"}
    workspace.delete(record.path("job.json"))
    record.create(identity)
    record.accept(2, {"code": "code/second.zip"})

    assert found(workspace) == {"code/third.zip"}


def test_what_is_new_may_be_about_to_be_used(records):
    records.create("job", "Completed")
    put(records.store, "code/new.zip", is_old=False)
    put(records.store, f".{'0' * 16}.probe", is_old=False)

    assert not found(records.store)
