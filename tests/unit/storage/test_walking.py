from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.domain.files import order_key
from framework.errors import StorageError
from framework.storage import sorting
from framework.storage.tree import Selection
from framework.storage.walking import walk_folder

NAMES = st.sampled_from(
    ["a", "a-", "a.b", "a0", "b", "é", "\udcff", "z\n", "A b", "#", "\U0001f600"]
)
TREES = st.sets(st.lists(NAMES, min_size=1, max_size=3).map(tuple), max_size=12)


def plant(root: Path, paths) -> set[str]:
    """Makes files; a path whose folder is a file already is left out."""
    made = set()
    for path in sorted(paths, key=len, reverse=True):
        full = root.joinpath(*path)
        try:
            full.parent.mkdir(parents=True, exist_ok=True)
            full.touch()
        except OSError:
            continue
        if full.is_file():
            made.add("/".join(path))
    return made


def listed(root: Path, **selection) -> list[str]:
    return [file.path for file in walk_folder(str(root), "", Selection(**selection))]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tree=TREES)
def test_files_come_in_the_order_of_the_bytes_of_their_paths(tree, tmp_path_factory):
    root = tmp_path_factory.mktemp("tree")
    made = plant(root, tree)

    assert listed(root) == sorted(made, key=order_key)


def test_a_folder_too_large_for_memory_comes_in_the_same_order(tmp_path, monkeypatch):
    monkeypatch.setattr(sorting.SortedRuns.__init__, "__defaults__", (7,))
    monkeypatch.setattr(sorting.sorted_runs, "__defaults__", (7,))
    names = [f"{number * 37 % 100}.png" for number in range(100)]
    plant(tmp_path, [(name,) for name in names])
    plant(tmp_path, [("50.png.d", name) for name in names])

    assert listed(tmp_path) == sorted([*names, *(f"50.png.d/{name}" for name in names)])


def test_sizes_and_etags_are_those_of_the_content(tmp_path):
    (tmp_path / "a").write_bytes(b"four")
    first = next(walk_folder(str(tmp_path)))
    os.utime(tmp_path / "a", ns=(1, 1))
    second = next(walk_folder(str(tmp_path)))

    assert first.size == second.size == 4
    assert first.etag != second.etag


def test_hidden_files_and_folders_are_left_out_unless_they_are_asked_for(tmp_path):
    plant(tmp_path, [(".a",), (".d", "x"), ("b", ".c"), ("b", "d")])

    assert listed(tmp_path) == ["b/d"]
    assert listed(tmp_path, hidden=True) == [".a", ".d/x", "b/.c", "b/d"]


def test_links_are_followed_and_a_loop_is_entered_once(tmp_path):
    plant(tmp_path / "data", [("a", "x")])
    plant(tmp_path / "other", [("y",)])
    (tmp_path / "data" / "a" / "up").symlink_to("..")
    (tmp_path / "data" / "a" / "self").symlink_to("self")
    (tmp_path / "data" / "b").symlink_to(tmp_path / "other")
    (tmp_path / "data" / "c").symlink_to(tmp_path / "other" / "y")
    (tmp_path / "other" / "back").symlink_to(tmp_path / "data" / "a")

    assert listed(tmp_path / "data") == ["a/self", "a/x", "b/back/self", "b/back/x", "b/y", "c"]


def test_a_broken_link_is_listed_with_no_size(tmp_path):
    (tmp_path / "gone").symlink_to("nowhere")

    assert [(file.path, file.size) for file in walk_folder(str(tmp_path))] == [("gone", 0)]


def test_pipes_and_sockets_are_left_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        Path("file").touch()

        assert listed(tmp_path) == ["file"]


def test_what_is_to_be_left_out_is_recognised_behind_links(tmp_path):
    plant(tmp_path, [("data", "x"), ("data", "out", "y"), ("work", "z"), ("data", "out.csv")])
    (tmp_path / "data" / "w").symlink_to(tmp_path / "work")
    out = (str(tmp_path / "data" / "out"), str(tmp_path / "work"), str(tmp_path / "data/out.csv"))

    assert listed(tmp_path / "data", leave_out=out) == ["x"]


def test_a_left_out_folder_that_holds_the_start_does_not_count(tmp_path):
    plant(tmp_path, [("work", "in", "x")])

    assert listed(tmp_path / "work" / "in", leave_out=(str(tmp_path / "work"),)) == ["x"]


def test_a_folder_that_is_not_to_be_entered_is_not_read(tmp_path):
    plant(tmp_path, [("a", "x"), ("b", "y"), ("b", "c", "z")])

    assert listed(tmp_path, enters=lambda folder: folder not in {"a", "b/c"}) == ["b/y"]


def test_a_folder_that_can_not_be_read_is_named(tmp_path, monkeypatch):
    plant(tmp_path, [("shut", "x")])
    scandir = os.scandir

    def refuse(path):
        if path.endswith(b"shut"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)

    with pytest.raises(StorageError, match=r"permission denied while listing the folder /.*/shut$"):
        listed(tmp_path)


def test_a_folder_that_goes_away_during_the_walk_is_as_if_it_had_never_been(tmp_path):
    plant(tmp_path, [("a", "x"), ("b", "y"), ("c",)])
    walk = walk_folder(str(tmp_path))
    first = next(walk)
    (tmp_path / "b" / "y").unlink()
    (tmp_path / "b").rmdir()

    assert [first.path, *(file.path for file in walk)] == ["a/x", "c"]


@pytest.fixture
def without_rights():
    """A folder that everybody may enter, seen by nobody in particular."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder), lambda: os.seteuid(65534)
        os.seteuid(0)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody without rights")
@pytest.mark.parametrize("mode", [0o700, 0o744])
def test_a_folder_that_others_may_not_search_is_named(without_rights, mode):
    root, give_up_rights = without_rights
    plant(root, [("half", "x")])
    (root / "half").chmod(mode)
    give_up_rights()

    with pytest.raises(StorageError) as raised:
        listed(root)
    assert str(raised.value) == f"permission denied while listing the folder {root}/half"
