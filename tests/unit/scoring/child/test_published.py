from __future__ import annotations

import os
import shutil
import socket

import pytest

from framework.scoring.child.published import OutputFolder, UnpublishableError

RESERVED = "predictions.csv"


@pytest.fixture
def folders(tmp_path):
    (tmp_path / "output").mkdir()
    (tmp_path / "aside").mkdir()
    return tmp_path


def watch(folders) -> OutputFolder:
    return OutputFolder(str(folders / "output"), str(folders / "aside"), RESERVED)


def write(folders, *names: str, content: str = "x") -> None:
    for name in names:
        path = folders / "output" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def files_below(folder) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()
    )


def test_what_a_call_wrote_is_set_aside_under_its_mini_batch(folders):
    folder = watch(folders)
    write(folders, "a.png", "deep/er/b c.png")

    assert folder.keep("7") == ["a.png", "deep/er/b c.png"]
    assert files_below(folders / "aside" / "7") == ["a.png", "deep/er/b c.png"]
    assert files_below(folders / "output") == []


def test_a_call_that_wrote_nothing_has_nothing_set_aside(folders):
    folder = watch(folders)
    write(folders, "a/b")
    folder.keep("0")

    assert folder.keep("1") == []


def test_mini_batches_may_write_the_same_name(folders):
    folder = watch(folders)
    for key in ("0", "1"):
        write(folders, "deep/a.txt", content=key)
        assert folder.keep(key) == ["deep/a.txt"]

    assert [(folders / "aside" / key / "deep/a.txt").read_text() for key in "01"] == ["0", "1"]


def test_what_a_failed_call_wrote_is_thrown_away(folders):
    folder = watch(folders)
    write(folders, "half.png", "deep/half.png")
    folder.discard()

    assert files_below(folders / "output") == []
    assert folder.keep("0") == []


def test_what_loading_wrote_belongs_to_the_first_success(folders):
    write(folders, "labels.txt")
    folder = watch(folders)
    write(folders, "half.png")
    folder.discard()
    assert files_below(folders / "output") == ["labels.txt"]

    write(folders, "whole.png")
    assert folder.keep("1") == ["labels.txt", "whole.png"]
    assert folder.keep("2") == []


@pytest.mark.parametrize("name", [RESERVED, f"{RESERVED}/part.csv"])
def test_no_script_may_take_the_outputs_name(folders, name):
    folder = watch(folders)
    write(folders, "good.txt", name)

    with pytest.raises(UnpublishableError, match=RESERVED):
        folder.keep("0")
    folder.discard()
    assert files_below(folders / "output") == []


@pytest.mark.parametrize("name", [f"deep/{RESERVED}", f"{RESERVED}.bak", "predictions"])
def test_names_like_the_outputs_are_free(folders, name):
    folder = watch(folders)
    write(folders, name)

    assert folder.keep("0") == [name]


@pytest.mark.parametrize("name", [".hidden", "ü 日本", "new\nline", os.fsdecode(b"\xff.bin")])
def test_odd_names_are_kept(folders, name):
    folder = watch(folders)
    write(folders, name)

    assert folder.keep("0") == [name]
    assert (folders / "aside" / "0" / name).read_text() == "x"


def test_a_link_stands_for_the_file_that_it_leads_to(folders):
    folder = watch(folders)
    (folders / "elsewhere.bin").write_text("elsewhere")
    write(folders, "epoch-3.txt", content="third")
    (folders / "output" / "latest.txt").symlink_to("epoch-3.txt")
    (folders / "output" / "absolute.bin").symlink_to(folders / "elsewhere.bin")

    assert folder.keep("0") == ["absolute.bin", "epoch-3.txt", "latest.txt"]
    aside = folders / "aside" / "0"
    assert not any(path.is_symlink() for path in aside.iterdir())
    assert [path.read_text() for path in sorted(aside.iterdir())] == ["elsewhere", "third", "third"]
    assert (folders / "elsewhere.bin").read_text() == "elsewhere"


def make_fifo(path):
    os.mkfifo(path)


def make_broken_link(path):
    path.symlink_to("nowhere")


def make_link_to_a_folder(path):
    (path.parent / "folder").mkdir()
    path.symlink_to("folder")


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize("make", [make_fifo, make_broken_link, make_link_to_a_folder, make_socket])
def test_what_is_no_file_is_refused_by_name_and_thrown_away(tmp_path_factory, make):
    folders = tmp_path_factory.mktemp("x")  # short: a socket's path has little room
    (folders / "output").mkdir()
    (folders / "aside").mkdir()
    folder = watch(folders)
    write(folders, "good.txt")
    make(folders / "output" / "odd")

    with pytest.raises(UnpublishableError, match="odd"):
        folder.keep("0")
    assert os.listdir(folders / "aside") == []
    folder.discard()
    assert [path for path in (folders / "output").iterdir() if not path.is_dir()] == []


def test_a_folder_that_a_script_removed_is_there_again_after_a_failure(folders):
    folder = watch(folders)
    shutil.rmtree(folders / "output")
    folder.discard()

    assert (folders / "output").is_dir()


def test_a_script_that_removed_its_folder_has_written_nothing(folders):
    folder = watch(folders)
    shutil.rmtree(folders / "output")

    assert folder.keep("0") == []
    assert (folders / "output").is_dir()
