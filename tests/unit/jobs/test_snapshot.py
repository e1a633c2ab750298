from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.errors import UsageError
from framework.jobs import snapshot
from framework.jobs.snapshot import store_snapshot, take_snapshot
from framework.storage import open_store


@pytest.fixture
def code(tmp_path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    return folder


def plant(code: Path, *names: str, content: str | bytes = "x") -> None:
    for name in names:
        path = code / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def names_in(archive: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return opened.namelist()


def taken(code: Path, *leave_out: Path, always: tuple[str, ...] = ("score.py",)) -> list[str]:
    return names_in(take_snapshot(code, leave_out=leave_out, always=always))


def test_all_code_is_in_it_with_its_content(code):
    plant(code, "score.py", content="def run(mini_batch): ...")
    plant(code, "lib/a.py", "data/labels.txt", "lib/ü b#.json", ".env")

    assert taken(code) == [".env", "data/labels.txt", "lib/a.py", "lib/ü b#.json", "score.py"]
    with zipfile.ZipFile(io.BytesIO(take_snapshot(code, leave_out=(), always=()))) as opened:
        assert opened.read("score.py") == b"def run(mini_batch): ..."


def test_the_same_content_gives_the_same_bytes(code, tmp_path):
    plant(code, "score.py", "b.py", "a/c.py")
    first = take_snapshot(code, leave_out=(), always=())
    copy = tmp_path / "elsewhere"
    plant(copy, "a/c.py", "b.py", "score.py")
    os.utime(copy / "b.py", (1, 1))
    os.chmod(copy / "b.py", 0o777)

    assert take_snapshot(copy, leave_out=(), always=()) == first


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.dictionaries(st.sampled_from(["a", "b/c", "b/d", "e é"]), st.binary(max_size=5)))
def test_bytes_depend_on_names_and_contents_alone(tmp_path_factory, files):
    archives = set()
    for order in (list(files), list(files)[::-1]):
        folder = tmp_path_factory.mktemp("code")
        for name in order:
            plant(folder, name, content=files[name])
        archives.add(take_snapshot(folder, leave_out=(), always=()))

    assert len(archives) == 1


def test_another_content_gives_other_bytes(code):
    plant(code, "score.py")
    first = take_snapshot(code, leave_out=(), always=())
    plant(code, "score.py", content="y")

    assert take_snapshot(code, leave_out=(), always=()) != first


def test_what_gitignore_names_is_left_out(code):
    plant(code, ".gitignore", content="*.log\n/data/\n!keep.log\n# comment\n")
    plant(code, "score.py", "a.log", "keep.log", "data/x", "lib/data/x", "lib/b.log")

    assert taken(code) == [".gitignore", "keep.log", "lib/data/x", "score.py"]


def test_amlignore_stands_for_gitignore_where_it_is_there(code):
    plant(code, ".gitignore", content="*.pkl\n")
    plant(code, ".amlignore", content="*.log\n")
    plant(code, "score.py", "a.log", "weights.pkl")

    assert taken(code) == [".amlignore", ".gitignore", "score.py", "weights.pkl"]


def test_what_nobody_calls_code_is_left_out(code):
    plant(code, "score.py", "__pycache__/score.cpython-311.pyc", "lib/x.pyc", ".git/HEAD")
    plant(code, ".venv/lib/a.py", "my env/pyvenv.cfg", "my env/lib/site-packages/huge.py")

    assert taken(code) == ["score.py"]


def test_input_model_workspace_and_output_are_left_out_wherever_they_lie(code):
    plant(code, "score.py", "data/1.png", "models/net.pt", "models/other.pt", ".framework/jobs/x")
    plant(code, "out/predictions.csv", "lib/data/keep.txt")
    apart = [code / name for name in ("data", "models/net.pt", ".framework", "out")]

    assert taken(code, *apart) == ["lib/data/keep.txt", "models/other.pt", "score.py"]


def test_the_script_is_in_it_whatever_is_ignored(code):
    plant(code, ".gitignore", content="*.py\n")
    plant(code, "score.py", "other.py")

    assert taken(code) == [".gitignore", "score.py"]


@pytest.mark.parametrize("ignored", ["scripts/\n", "scripts\n", "/scripts/deep/\n", "*\n"])
def test_a_nested_script_is_in_it_whatever_is_ignored(code, ignored):
    plant(code, ".amlignore", content=ignored)
    plant(code, "scripts/deep/score.py", "scripts/deep/other.py")

    found = taken(code, always=("scripts/deep/score.py",))
    assert "scripts/deep/score.py" in found
    assert "scripts/deep/other.py" not in found


def test_the_script_is_in_it_though_the_folder_is_also_the_input(code):
    """`input=.` beside the script: the code is still there."""
    plant(code, "score.py", "1.png")

    assert "score.py" in taken(code, code)


def test_too_large_a_folder_is_refused_by_name(code, monkeypatch):
    monkeypatch.setattr(snapshot, "MAX_BYTES", 2_000_000)
    plant(code, "score.py")
    plant(code, "z/huge.bin", content=b"x" * 2_000_001)

    with pytest.raises(UsageError) as raised:
        take_snapshot(code, leave_out=(), always=())
    message = str(raised.value)
    assert message.startswith("code_configuration.code: ")
    assert "z/huge.bin" in message
    assert ".amlignore" in message
    assert "\n" not in message


def test_a_huge_file_is_refused_before_it_is_read(code):
    plant(code, "score.py")
    with (code / "huge.bin").open("wb") as file:
        file.truncate(1 << 43)  # eight tebibytes, of which the disk holds none

    with pytest.raises(UsageError, match=r"huge\.bin"):
        take_snapshot(code, leave_out=(), always=())


def test_too_many_files_are_refused(code, monkeypatch):
    monkeypatch.setattr(snapshot, "MAX_FILES", 5)
    plant(code, *(f"{number}.txt" for number in range(6)))

    with pytest.raises(UsageError, match="5 files"):
        take_snapshot(code, leave_out=(), always=())


def test_a_file_that_can_not_be_read_is_told_by_name(code, monkeypatch):
    plant(code, "score.py", "secret.txt")
    monkeypatch.setattr("io.open", refuse_open(open))
    with pytest.raises(UsageError, match=r"secret\.txt"):
        take_snapshot(code, leave_out=(), always=())


def refuse_open(real):
    def call(path, *args, **options):
        if str(path).endswith("secret.txt"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *args, **options)

    return call


def test_a_name_that_is_no_utf_8_is_told(code):
    plant(code, "score.py")
    os.close(os.open(os.fsencode(code) + b"/\xff.txt", os.O_CREAT | os.O_WRONLY))

    with pytest.raises(UsageError) as raised:
        take_snapshot(code, leave_out=(), always=())
    assert ".txt" in str(raised.value)
    str(raised.value).encode()  # it can be shown


def test_odd_names_are_no_problem(code):
    odd = ["new\nline.txt", " ", "日本" * 40, "-rf", "a:b?*.txt"]
    plant(code, "score.py", *odd)

    assert taken(code) == sorted(["score.py", *odd])


def test_links_to_files_are_followed_and_broken_ones_are_not(code, tmp_path):
    plant(code, "score.py")
    (tmp_path / "shared.py").write_text("shared")
    (code / "lib.py").symlink_to(tmp_path / "shared.py")
    (code / "broken.py").symlink_to("nowhere")

    assert taken(code) == ["lib.py", "score.py"]


def test_links_to_folders_are_followed(code, tmp_path):
    plant(code, "score.py")
    plant(tmp_path / "shared", "a.py", "deep/b.py")
    (code / "lib").symlink_to(tmp_path / "shared")

    assert taken(code) == ["lib/a.py", "lib/deep/b.py", "score.py"]


def test_a_folder_that_links_to_one_above_it_is_no_endless_loop(code):
    plant(code, "score.py", "lib/a.py")
    (code / "lib" / "up").symlink_to(code)
    (code / "one").mkdir()
    (code / "two").mkdir()
    (code / "one" / "other").symlink_to(code / "two")
    (code / "two" / "other").symlink_to(code / "one")

    found = taken(code)
    assert {"score.py", "lib/a.py"} <= set(found)
    assert len(found) < 10


def test_pipes_and_sockets_are_not_waited_for(code):
    plant(code, "score.py")
    os.mkfifo(code / "pipe")

    assert taken(code) == ["score.py"]


def test_an_archive_is_stored_once_under_its_content(code, tmp_path):
    plant(code, "score.py")
    store = open_store(str(tmp_path / "w"))
    archive = take_snapshot(code, leave_out=(), always=())
    paths = {store_snapshot(store, archive) for _ in range(2)}

    (path,) = paths
    assert store.read(path) == archive
    assert store_snapshot(store, b"other") != path


def test_what_is_unpacked_is_what_was_taken(code, tmp_path):
    from framework.scoring.workroom import Workroom

    plant(code, "score.py", "lib/ü é.txt", content="x = 1\r\n")
    (tmp_path / "code.zip").write_bytes(take_snapshot(code, leave_out=(), always=()))
    workroom = Workroom("instance-0", tmp_path / "logs")
    workroom.bring_code(tmp_path / "code.zip")

    cwd = workroom.room(0).cwd
    assert (cwd / "lib/ü é.txt").read_bytes() == b"x = 1\r\n"
    workroom.close()
