from __future__ import annotations

import errno
import os
import pickle
import resource
from contextlib import contextmanager
from pathlib import Path

import pytest

from framework.errors import StorageError
from framework.storage import LocalStore, durable


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "root")


def content(store: LocalStore) -> dict[str, bytes]:
    root = Path(store.url)
    files = [path for path in root.rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


@contextmanager
def largest_file(size: int):
    """A disk that is full at this size, as far as one file can tell."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


ODD_NAMES = ["a b", "é", "#", "new\nline", "\udcff\udcfe", "-rf", "x" * 255, "%41", "a:b", "*?[1]"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_what_is_written_is_read_whatever_its_name(store, name):
    store.write(f"folder/{name}", b"old")
    store.write(f"folder/{name}", b"new")
    store.create(f"created/{name}", b"once")

    assert store.read(f"folder/{name}") == b"new"
    assert store.names("folder") == [name]
    assert [file.path for file in store.walk()] == [f"created/{name}", f"folder/{name}"]
    assert store.stat(f"created/{name}").size == 4


def test_a_piece_of_a_file_can_be_read(store):
    store.write("a", b"0123456789")

    assert store.read("a", start=3) == b"3456789"
    assert store.read("a", start=3, length=2) == b"34"
    assert store.read("a", start=20, length=2) == b""
    with store.open_read("a") as stream:
        stream.seek(8)
        assert stream.read() == b"89"


def test_what_is_not_there_is_file_not_found(store):
    store.write("file", b"")

    for path in ("nothing", "no/thing", "file/below"):
        for ask in (store.read, store.stat, store.open_read, store.identity):
            with pytest.raises(FileNotFoundError):
                ask(path)
        assert not store.exists(path)
        assert store.names(path) == []
        store.delete(path)
    assert store.exists("file")


def test_a_file_is_created_once(store):
    store.create("a/b", b"first")

    with pytest.raises(FileExistsError) as raised:
        store.create("a/b", b"second")

    assert raised.value.filename.endswith("root/a/b")
    assert content(store) == {"a/b": b"first"}


def test_an_empty_file_is_created_exclusively_too(store):
    store.create("a", b"")

    with pytest.raises(FileExistsError):
        store.create("a", b"")


@pytest.mark.parametrize("path", ["../a", "a/../../b", "/etc/a", "..", "a\0b"])
def test_a_path_that_leaves_the_root_is_refused(store, path):
    for ask in (store.read, store.exists, store.names, store.delete, store.local_path):
        with pytest.raises(StorageError, match="leaves its store"):
            ask(path)
    with pytest.raises(StorageError, match="leaves its store"):
        store.write(path, b"")
    with pytest.raises(StorageError, match="leaves its store"):
        list(store.walk(path))


def test_a_link_out_of_the_root_is_read_and_never_written_through(store, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a").write_bytes(b"a")
    store.write("x", b"")
    (tmp_path / "root" / "link").symlink_to(tmp_path / "outside")

    assert store.read("link/a") == b"a"
    changes = (
        lambda: store.write("link/a", b""),
        lambda: store.create("link/b", b""),
        lambda: store.append_log("link/c"),
        lambda: store.delete("link/a"),
        lambda: store.write("link/new/folder", b""),
    )
    for change in changes:
        with pytest.raises(StorageError, match="refused to change it"):
            change()
    assert os.listdir(tmp_path / "outside") == ["a"]


def test_the_root_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")

    LocalStore(tmp_path / "link").write("a/b", b"x")

    assert (tmp_path / "real" / "a" / "b").read_bytes() == b"x"


def test_deleting_removes_links_and_not_what_they_lead_to(store, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").touch()
    store.write("folder/file", b"")
    (tmp_path / "root" / "folder" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "root" / "link").symlink_to(tmp_path / "outside")

    store.delete("folder")
    store.delete("link")

    assert store.names() == []
    assert os.listdir(tmp_path / "outside") == ["kept"]


def test_the_root_itself_is_not_deleted(store):
    store.write("a", b"")

    with pytest.raises(StorageError, match="refused"):
        store.delete("")
    assert store.exists("a")


def test_a_local_file_is_moved_here(store, tmp_path):
    (tmp_path / "source").write_bytes(b"new")
    store.write("a/b", b"old")

    store.put(tmp_path / "source", "a/b")

    assert content(store) == {"a/b": b"new"}
    assert not (tmp_path / "source").exists()


def test_a_file_is_moved_between_devices_whole_or_not_at_all(store, tmp_path, monkeypatch):
    replace = os.replace

    def refuse_first(source, target):
        monkeypatch.setattr(os, "replace", replace)
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    (tmp_path / "source").write_bytes(b"x" * 1_000)
    store.write("a", b"old")
    monkeypatch.setattr(os, "replace", refuse_first)
    with largest_file(100), pytest.raises(StorageError, match="file too large while writing"):
        store.put(tmp_path / "source", "a")
    assert content(store) == {"a": b"old"}

    monkeypatch.setattr(os, "replace", refuse_first)
    store.put(tmp_path / "source", "a")
    assert content(store) == {"a": b"x" * 1_000}
    assert not (tmp_path / "source").exists()


def test_a_missing_source_is_file_not_found(store, tmp_path):
    with pytest.raises(FileNotFoundError):
        store.put(tmp_path / "nothing", "a")


def test_a_write_that_finds_the_disk_full_leaves_all_as_it_was(store):
    store.write("a", b"old")

    with largest_file(100):
        with pytest.raises(StorageError, match=r"file too large while writing /.*/root/a$"):
            store.write("a", b"x" * 1_000)
        with pytest.raises(StorageError, match=r"file too large while creating /.*/root/b$"):
            store.create("b", b"x" * 1_000)
        with (
            pytest.raises(StorageError, match=r"file too large while writing /.*/root/c$"),
            store.stage("c", "token") as staged,
        ):
            staged.stream.write(b"x" * 1_000)

    assert content(store) == {"a": b"old"}


def test_no_space_left_says_so_and_where(store, monkeypatch):
    def refuse(descriptor, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", refuse)

    with pytest.raises(StorageError, match=r"^no space left on device while writing /.*/root/a$"):
        store.write("a", b"x")
    assert content(store) == {}


def test_a_refused_permission_names_the_path_and_survives_pickling(store, monkeypatch):
    def refuse(*args, **options):
        raise PermissionError(errno.EACCES, "Permission denied", "/some/temporary/name")

    store.write("b", b"")
    monkeypatch.setattr(os, "open", refuse)

    with pytest.raises(StorageError) as raised:
        store.write("a", b"")

    again = pickle.loads(pickle.dumps(raised.value))
    assert str(again) == f"permission denied while writing {store.url}/a"


def test_content_is_durable_before_its_name_is(store, monkeypatch):
    steps = []
    fsync, replace, link = os.fsync, os.replace, os.link

    def name_of(descriptor):
        return os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}"))

    def traced_fsync(descriptor):
        steps.append(f"sync {'folder' if name_of(descriptor) == 'folder' else 'file'}")
        fsync(descriptor)

    def traced(call):
        def traced_call(source, target):
            steps.append(call.__name__)
            call(source, target)

        return traced_call

    store.write("folder/x", b"")
    monkeypatch.setattr(os, "fsync", traced_fsync)
    monkeypatch.setattr(os, "replace", traced(replace))
    monkeypatch.setattr(os, "link", traced(link))

    store.write("folder/a", b"x")
    assert steps == ["sync file", "replace", "sync folder"]
    steps.clear()
    store.create("folder/b", b"x")
    assert steps == ["sync file", "link", "sync folder"]
    steps.clear()
    with store.stage("folder/c", "t") as staged:
        staged.stream.write(b"x")
    store.commit(staged.path, "folder/c")
    assert steps == ["sync file", "sync folder", "link", "sync folder"]


def test_what_a_killed_write_left_is_not_among_the_names(store):
    store.write("folder/a", b"")
    Path(durable.temporary_sibling(f"{store.url}/folder/b")).touch()

    assert store.names("folder") == ["a"]
    assert [file.path for file in store.walk()] == ["folder/a"]


def test_a_staged_file_is_hidden_until_it_is_committed_and_keeps_its_identity(store):
    with store.stage("out/predictions.csv", "token") as staged:
        staged.stream.write(b"rows")
    assert list(store.walk()) == []
    assert os.path.dirname(staged.path) == "out"
    identity = store.identity(staged.path)

    store.commit(staged.path, "out/predictions.csv")

    assert content(store) == {"out/predictions.csv": b"rows"}
    assert store.identity("out/predictions.csv") == identity


@pytest.mark.parametrize("rival", ["file", "folder", "broken link"])
def test_a_commit_never_replaces_and_keeps_what_is_staged(store, rival):
    final = Path(store.url, "out")
    with store.stage("out", "token") as staged:
        staged.stream.write(b"mine")
    if rival == "file":
        final.write_bytes(b"theirs")
    elif rival == "folder":
        final.mkdir()
    else:
        final.symlink_to("nowhere")

    with pytest.raises(FileExistsError):
        store.commit(staged.path, "out")

    assert store.read(staged.path) == b"mine"
    assert store.identity(staged.path) != store.identity("out")


def test_an_exception_while_staging_leaves_nothing(store):
    def be_interrupted():
        with store.stage("out", "token") as staged:
            staged.stream.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        be_interrupted()

    assert content(store) == {}


def test_staging_again_under_the_same_token_does_not_touch_what_was_committed(store):
    with store.stage("out", "token") as staged:
        staged.stream.write(b"first")
    # Killed between the link and the removal of the staged name.
    os.link(Path(store.url, staged.path), Path(store.url, "out"))

    with store.stage("out", "token") as again:
        again.stream.write(b"second")

    assert store.read("out") == b"first"


def test_a_log_only_grows_and_continues_where_it_was(store):
    log = store.append_log("ledger/1")
    log.append(b"one\n")
    log.append(b"two\n")
    log.sync()
    assert store.read("ledger/1") == b"one\ntwo\n"
    log.close()
    log.close()

    again = store.append_log("ledger/1")
    again.append(b"three\n")
    again.close()

    assert store.read("ledger/1") == b"one\ntwo\nthree\n"
    with pytest.raises(StorageError, match="is closed"):
        again.append(b"four\n")


def test_an_append_that_fails_half_way_is_taken_back(store):
    log = store.append_log("log")
    log.append(b"whole\n")

    with largest_file(10), pytest.raises(StorageError, match="file too large while writing"):
        log.append(b"torn in the middle\n")
    log.append(b"next\n")
    log.close()

    assert store.read("log") == b"whole\nnext\n"


def test_a_log_whose_sync_failed_never_claims_to_be_durable_again(store, monkeypatch):
    log = store.append_log("log")
    log.append(b"lost?\n")
    fsync = os.fsync

    def refuse(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match="input/output error while syncing"):
        log.sync()
    monkeypatch.setattr(os, "fsync", fsync)

    for ask in (log.sync, lambda: log.append(b"more\n")):
        with pytest.raises(StorageError, match="input/output error"):
            ask()
    log.close()


def test_a_folder_is_no_file(store):
    store.write("folder/a", b"")

    for ask in (store.read, store.stat, lambda path: store.write(path, b"")):
        with pytest.raises(StorageError, match=r"directory|folder"):
            ask("folder")


def test_messages_have_one_printable_line_whatever_the_name(store):
    store.write("a\nb\udcff/c", b"")

    with pytest.raises(StorageError) as raised:
        store.read("a\nb\udcff")

    assert str(raised.value).encode().decode().endswith(r"root/a\nb\xff")


def test_a_store_travels_between_processes(store):
    store.write("a", b"x")

    assert pickle.loads(pickle.dumps(store)).read("a") == b"x"


def test_a_file_is_copied_in_whole_or_not_at_all(tmp_path):
    store = LocalStore(tmp_path / "store")
    (tmp_path / "source").write_bytes(b"0123")
    told: list[int] = []
    store.copy_in(tmp_path / "source", "a/copy", told.append)
    assert store.read("a/copy") == (tmp_path / "source").read_bytes() == b"0123"
    assert told == [4]

    def fail(_count: int) -> None:
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        store.copy_in(tmp_path / "source", "a/other", fail)
    assert os.listdir(tmp_path / "store" / "a") == ["copy"]
