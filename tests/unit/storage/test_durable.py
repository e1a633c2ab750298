from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from framework.errors import StorageError
from framework.storage import durable

RIVAL = """
import sys
from framework.storage import LocalStore
store = LocalStore(sys.argv[1])
for line in sys.stdin:
    kind, name = line.split()
    try:
        if kind == "create":
            store.create(name, sys.argv[2].encode() * 1000)
        else:
            with store.stage(name, sys.argv[2]) as staged:
                staged.stream.write(sys.argv[2].encode() * 1000)
            print("ready", flush=True)
            sys.stdin.readline()
            store.commit(staged.path, name)
        print("won", flush=True)
    except FileExistsError:
        print("lost", flush=True)
"""


@pytest.fixture
def rivals(tmp_path):
    command = [sys.executable, "-c", RIVAL, str(tmp_path)]
    started = [
        subprocess.Popen([*command, name], text=True, stdin=-1, stdout=-1) for name in ("A", "B")
    ]
    yield started
    for rival in started:
        rival.communicate()
        assert rival.returncode == 0


def ask(rivals, line: str) -> list[str]:
    for rival in rivals:
        rival.stdin.write(f"{line}\n")
        rival.stdin.flush()
    return [rival.stdout.readline().strip() for rival in rivals]


def test_of_two_processes_that_create_one_file_one_wins(rivals, tmp_path):
    for number in range(200):
        answers = ask(rivals, f"create {number}")

        assert sorted(answers) == ["lost", "won"]
        winner = "AB"[answers.index("won")]
        assert (tmp_path / str(number)).read_text() == winner * 1000
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


def test_of_two_processes_that_commit_one_file_one_wins(rivals, tmp_path):
    for number in range(200):
        assert ask(rivals, f"commit {number}") == ["ready", "ready"]
        answers = ask(rivals, "go")

        assert sorted(answers) == ["lost", "won"]
        winner, loser = ("AB", "BA")[answers.index("won")]
        assert (tmp_path / str(number)).read_text() == winner * 1000
        assert (tmp_path / f".{number}.{loser}.staged").read_text() == loser * 1000
        assert not (tmp_path / f".{number}.{winner}.staged").exists()


def refuse(number):
    def call(*args, **options):
        raise OSError(number, os.strerror(number))

    return call


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK])
def test_without_hard_links_publishing_is_still_exclusive(tmp_path, monkeypatch, number):
    monkeypatch.setattr(os, "link", refuse(number))
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "yours").write_text("yours")
    inode = (tmp_path / "mine").stat().st_ino

    durable.publish(str(tmp_path / "mine"), str(tmp_path / "final"))
    with pytest.raises(FileExistsError):
        durable.publish(str(tmp_path / "yours"), str(tmp_path / "final"))

    assert (tmp_path / "final").read_text() == "mine"
    assert (tmp_path / "final").stat().st_ino == inode
    assert sorted(os.listdir(tmp_path)) == ["final", "yours"]


def test_a_placeholder_does_not_stay_when_its_file_can_not_replace_it(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    monkeypatch.setattr(os, "replace", refuse(errno.EIO))
    (tmp_path / "mine").write_text("mine")

    with pytest.raises(OSError, match="Input/output"):
        durable.publish(str(tmp_path / "mine"), str(tmp_path / "final"))

    assert os.listdir(tmp_path) == ["mine"]


def test_a_link_whose_reply_was_lost_is_recognised_as_ones_own(tmp_path):
    (tmp_path / "mine").write_text("mine")
    os.link(tmp_path / "mine", tmp_path / "final")

    durable.publish(str(tmp_path / "mine"), str(tmp_path / "final"))

    assert os.listdir(tmp_path) == ["final"]


def test_a_folder_that_can_not_be_synced_is_no_error_where_that_is_usual(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", refuse(errno.EINVAL))
    durable.sync_folder(str(tmp_path))

    monkeypatch.setattr(os, "fsync", refuse(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        durable.sync_folder(str(tmp_path))


def test_each_new_folder_is_synced_into_the_one_above(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(durable, "sync_folder", synced.append)

    durable.make_folders(str(tmp_path / "a" / "b"))

    assert synced == [str(tmp_path), str(tmp_path / "a")]
    assert (tmp_path / "a" / "b").is_dir()


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path):
    (tmp_path / "a").touch()

    with pytest.raises(StorageError, match=r"/a is a file, and a folder is needed"):
        durable.make_folders(str(tmp_path / "a" / "b"))


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127, "\U0001f600" * 63])
def test_a_hidden_name_fits_where_the_longest_name_fits(tmp_path, name):
    (tmp_path / name).touch()

    Path(durable.temporary_sibling(str(tmp_path / name))).touch()

    assert any(durable.is_temporary(each) for each in os.listdir(tmp_path))
