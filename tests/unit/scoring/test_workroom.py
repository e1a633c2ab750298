from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from framework.scoring.workroom import Workroom


@pytest.fixture
def workroom(tmp_path):
    made = Workroom("instance-0", tmp_path / "logs")
    yield made
    made.close()


def found_below(folder: Path) -> set[str]:
    """What a script finds that walks its model folder and opens every file."""
    return {
        os.path.relpath(os.path.join(where, name), folder)
        for where, _, names in os.walk(folder)
        for name in names
        if Path(where, name).read_bytes()
    }


def test_a_model_file_lies_under_its_own_name(workroom, tmp_path):
    model = tmp_path / "the model.pt"
    model.write_text("weights")
    workroom.bring_model(model)

    folder = workroom.room(0).model_dir
    assert (folder / "the model.pt").read_text() == "weights"
    assert found_below(folder) == {"the model.pt"}


def test_a_model_folder_lies_under_its_own_name_and_can_be_walked(workroom, tmp_path):
    model = tmp_path / "net"
    for name in ("config.json", "weights/1/a.bin", "weights/1/b.bin", ".hidden"):
        (model / name).parent.mkdir(parents=True, exist_ok=True)
        (model / name).write_text(name)
    workroom.bring_model(model)

    folder = workroom.room(0).model_dir
    assert found_below(folder) == {
        "net/config.json",
        "net/weights/1/a.bin",
        "net/weights/1/b.bin",
        "net/.hidden",
    }


def test_a_folder_that_a_model_links_to_can_be_walked_too(workroom, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "vocabulary.txt").write_text("words")
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "assets").symlink_to(shared)
    workroom.bring_model(tmp_path / "net")

    assert found_below(workroom.room(0).model_dir) == {"net/assets/vocabulary.txt"}


def test_what_a_script_adds_beside_the_model_changes_nothing_of_the_original(workroom, tmp_path):
    model = tmp_path / "net"
    model.mkdir()
    (model / "weights").write_text("w")
    workroom.bring_model(model)

    (workroom.room(0).model_dir / "net" / "cache").write_text("new")
    workroom.close()
    assert os.listdir(model) == ["weights"]


def test_an_empty_model_folder_is_there(workroom, tmp_path):
    (tmp_path / "net").mkdir()
    workroom.bring_model(tmp_path / "net")

    assert os.listdir(workroom.room(0).model_dir) == ["net"]


def test_without_a_model_there_is_no_folder_for_one(workroom):
    assert workroom.room(0).model_dir is None


def test_processes_start_in_the_unpacked_code(workroom, tmp_path):
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as snapshot:
        snapshot.writestr("score.py", "x = 1")
        snapshot.writestr("häuser/b c.txt", "y")
    workroom.bring_code(archive)

    room = workroom.room(0)
    assert (room.cwd / "score.py").read_text() == "x = 1"
    assert (room.cwd / "häuser" / "b c.txt").read_text() == "y"


def test_each_start_of_a_process_has_folders_of_its_own_and_one_log(workroom):
    first, again, other = workroom.room(0), workroom.room(0), workroom.room(1)

    assert len({first.folder, again.folder, other.folder}) == 3
    assert first.log == again.log != other.log
    assert first.log.name == "instance-0-0.log"


def test_closing_leaves_nothing_but_the_logs(workroom, tmp_path):
    room = workroom.room(0)
    room.log.parent.mkdir()
    room.log.write_text("said")
    workroom.close()

    assert not workroom.scratch.exists()
    assert room.log.read_text() == "said"
