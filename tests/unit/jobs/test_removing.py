from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from framework.errors import NotFoundError, UsageError
from framework.jobs.commit import token
from framework.jobs.index import JobFilter, find_jobs
from framework.jobs.job import find_job
from framework.jobs.record import open_record
from framework.jobs.removing import check_deletable, delete_job
from framework.storage import open_store


def delete(records, name: str, *, with_output: bool = False) -> None:
    delete_job(open_store(str(records.workspace)), name, None, with_output=with_output)


def names(records) -> list[str]:
    found = find_jobs(open_store(str(records.workspace)), None, JobFilter(), few=-1)
    return [each.name for each in found]


@pytest.fixture
def output(records):
    """Makes the default output of a job."""

    def make(name: str):
        folder = records.workspace / "outputs" / name
        folder.mkdir(parents=True)
        (folder / "predictions.csv").write_text("1\n")
        return folder

    return make


def test_the_record_is_gone_with_its_row_and_the_output_stays(records, output):
    folder = output("job")
    records.create("job")
    records.create("other")
    assert len(names(records)) == 2
    delete(records, "job")

    assert names(records) == ["other"]
    assert not (records.workspace / "jobs" / "job").exists()
    assert (folder / "predictions.csv").exists()
    assert list((records.workspace / "trash").iterdir()) == []


def test_with_its_output(records, output):
    folder = output("job")
    records.create("job")
    delete(records, "job", with_output=True)

    assert not folder.exists()
    assert output("other").exists()


def test_an_output_at_a_place_of_the_users_choice_is_left_alone(records, output, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "predictions.csv").write_text("1\n")
    folder = output("job")  # somebody else's: the job wrote elsewhere
    records.create("job", output_path=str(mine), output=str(mine / "predictions.csv"))
    delete(records, "job", with_output=True)

    assert (mine / "predictions.csv").exists()
    assert folder.exists()


@pytest.mark.parametrize("status", ["NotStarted", "Preparing", "Running", "Finalizing"])
def test_a_job_that_runs_is_refused_with_the_way_out(records, status):
    records.create("job", status)

    with pytest.raises(UsageError, match="job cancel job"):
        delete(records, "job")
    assert names(records) == ["job"]


def test_a_job_whose_driver_died_can_be_deleted(records, dead_pid):
    records.create("job", "Running")
    records.drive("job", "Running", pid=dead_pid)
    delete(records, "job")

    assert names(records) == []


def test_a_damaged_record_can_be_deleted(records):
    records.create("job")
    records.store.write("jobs/job/job.json", b"{")
    delete(records, "job")

    assert not (records.workspace / "jobs" / "job").exists()


def test_what_is_not_there_is_not_found(records):
    records.create("job")

    with pytest.raises(NotFoundError, match=r"did you mean job\?"):
        delete(records, "jobb")
    with pytest.raises(NotFoundError):
        check_deletable(open_store(str(records.workspace)), "jobb", with_output=True)


def test_what_a_killed_driver_staged_beside_the_output_goes_too(records, output):
    folder = output("job")
    record = records.create("job", "Failed")
    staged = folder / f".predictions.csv.{token(record, 1)}.staged"
    staged.write_text("half")
    delete(records, "job")

    assert not staged.exists()
    assert (folder / "predictions.csv").exists()


class KilledError(BaseException):
    """As a kill: nothing is tidied up."""


@pytest.mark.parametrize("after", range(6))
@pytest.mark.parametrize("with_output", [False, True])
def test_a_kill_leaves_the_whole_job_or_none_and_it_can_be_deleted_again(
    records, output, monkeypatch, after, with_output
):
    """Killed before the first, second, ... file is removed, and before the record is moved."""
    folder = output("job")
    record = records.create("job")
    files = sorted(each.name for each in Path(record.url()).rglob("*"))
    steps = iter([*[True] * after, False])

    def survives() -> None:
        if not next(steps, True):
            raise KilledError

    with monkeypatch.context() as patch:
        for name in ("unlink", "rmdir", "rename"):
            real = getattr(os, name)

            def step(*args, real=real, **kwargs):
                survives()
                return real(*args, **kwargs)

            patch.setattr(os, name, step)
        patch.setattr(shutil, "rmtree", _plain_rmtree)
        try:
            delete(records, "job", with_output=with_output)
        except KilledError:
            pass

    if record.exists():
        assert sorted(each.name for each in Path(record.url()).rglob("*")) == files
        assert find_job(open_store(str(records.workspace)), "job").status == "Completed"
        assert (folder / "predictions.csv").exists()
    if record.exists() or (with_output and folder.exists()):
        delete(records, "job", with_output=with_output)
    assert names(records) == []
    assert folder.exists() is not with_output

    # The next deletion removes what was left.
    records.create("next")
    delete(records, "next")
    assert list((records.workspace / "trash").iterdir()) == []


def _plain_rmtree(folder: str) -> None:
    for place, folders, files in os.walk(folder, topdown=False):
        for each in files:
            os.unlink(os.path.join(place, each))
        for each in folders:
            os.rmdir(os.path.join(place, each))
    os.rmdir(folder)


@pytest.mark.parametrize("name", ["../job", "..", ".", "", "/etc", "a/../../b", "jobs/../x"])
def test_no_name_leads_out_of_the_workspace(records, name):
    records.create("job")
    victim = records.workspace / "job"
    victim.mkdir()

    with pytest.raises(UsageError):
        delete(records, name, with_output=True)
    assert victim.exists()
    assert names(records) == ["job"]


def test_links_are_removed_and_not_followed(records, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "predictions").mkdir(parents=True)
    record = records.create("job")
    (Path(record.url()) / "link").symlink_to(elsewhere)
    (records.workspace / "outputs").mkdir()
    (records.workspace / "outputs" / "job").symlink_to(elsewhere)
    delete(records, "job", with_output=True)

    assert (elsewhere / "predictions").exists()
    assert not (records.workspace / "outputs" / "job").is_symlink()


def test_a_row_that_can_not_be_removed_is_a_warning(records, caplog):
    records.create("job")
    delete_job(open_store(str(records.workspace)), "job", "nothing://host/db", with_output=False)

    assert not (records.workspace / "jobs" / "job").exists()
    assert "still in the index" in caplog.text


def test_staged_rows_outside_of_the_record_go_with_it(records, tmp_path):
    record = records.create("job", "Failed")
    staging = tmp_path / "out" / ".job-12345678.staging"
    (staging / "parts").mkdir(parents=True)
    (tmp_path / "out" / "mine.txt").write_text("kept")
    record.stage_at(str(staging))
    delete(records, "job")

    assert os.listdir(tmp_path / "out") == ["mine.txt"]


def test_on_a_store_of_objects_a_deletion_that_was_cut_short_keeps_the_name(
    request, tmp_path, monkeypatch
):
    """There is no step that moves a record away, so that its name is free only at the end."""
    monkeypatch.setenv("FRAMEWORK_INDEX_CACHE", str(tmp_path))
    store = open_store(f"memory://{request.node.name}")
    record = open_record(store, "job")
    record.create({"name": "job", "document": {}, "summary": {"status": "Completed"}})
    for path in ("epochs/000001.json", "ledger/000001.jsonl/00000001", "logs/a.log/00000001"):
        store.write(record.path(path), b"{}")
    record.mark_deleted()

    with pytest.raises(NotFoundError, match="its deletion was cut short"):
        find_job(store, "job")
    with pytest.raises(FileExistsError):
        record.create({})
    delete_job(store, "job", None, with_output=False)
    assert list(store.walk("jobs")) == []
