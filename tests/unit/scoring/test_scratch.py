from __future__ import annotations

import fcntl
import tempfile

import pytest

from framework.scoring.scratch import Scratch


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_a_killed_owner_left_is_removed_by_the_next_one(temporary):
    orphan = temporary / "dask-batch-endpoints-killed"
    (orphan / "model").mkdir(parents=True)
    (orphan / "owner.lock").touch()

    Scratch().close()

    assert list(temporary.iterdir()) == []


def test_a_living_owners_folder_stays(temporary):
    living = Scratch()
    Scratch().close()

    assert list(temporary.iterdir()) == [living.path]
    living.close()


def test_a_folder_is_no_orphan_while_it_is_being_made(monkeypatch):
    flock, others = fcntl.flock, []

    def another_starts_first(file, operation):
        if not others and not operation & fcntl.LOCK_NB:
            others.append(None)
            Scratch().close()
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", another_starts_first)
    made = Scratch()

    assert others
    assert made.path.is_dir()
    made.close()
