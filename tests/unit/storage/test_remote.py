from __future__ import annotations

import fsspec
import pytest

from framework.errors import StorageError
from framework.storage import open_store
from framework.storage.remote import FsspecStore


@pytest.fixture
def store():
    """What fsspec can do anywhere, on a file system that is at hand."""
    memory = fsspec.filesystem("memory")
    yield FsspecStore(memory, "/remote/root", url="memory://remote/root")
    if memory.exists("/remote"):
        memory.rm("/remote", recursive=True)


def test_what_is_written_is_read_listed_and_deleted(store, tmp_path):
    (tmp_path / "local").write_bytes(b"moved")
    store.write("a/1", b"0123")
    store.put(tmp_path / "local", "a-/2")
    store.write(".hidden/x", b"")

    assert store.url == "memory://remote/root"
    assert store.local_path("a/1") is None
    assert not (tmp_path / "local").exists()
    assert store.read("a/1") == b"0123"
    assert store.read("a/1", start=1, length=2) == b"12"
    with store.open_read("a-/2") as stream:
        assert stream.read() == b"moved"
    assert [(file.path, file.size) for file in store.walk()] == [("a-/2", 5), ("a/1", 4)]
    assert [file.path for file in store.walk("a")] == ["a/1"]
    assert store.names() == [".hidden", "a", "a-"]
    store.delete("a")
    assert not store.exists("a/1")
    assert store.exists("a-")


def test_an_etag_changes_with_the_content(store):
    store.write("a", b"one")
    before = store.stat("a")
    store.write("a", b"two")

    assert store.stat("a").etag != before.etag
    assert next(store.walk()) == store.stat("a")


def test_what_is_not_there_is_file_not_found(store):
    for ask in (store.read, store.stat, store.open_read):
        with pytest.raises(FileNotFoundError):
            ask("nothing")
    assert store.names("nothing") == []
    store.delete("nothing")


def test_a_path_that_leaves_the_root_is_refused(store):
    with pytest.raises(StorageError, match="leaves its store"):
        store.read("../x")


def test_what_can_not_be_promised_is_refused_in_one_line(store):
    refused = (
        lambda: store.create("a", b""),
        lambda: store.append_log("a"),
        lambda: store.stage("a", "token"),
        lambda: store.commit("a", "b"),
        lambda: store.identity("a"),
    )
    for ask in refused:
        with pytest.raises(StorageError, match=r"this store can't .*: memory://remote/root/a|/b$"):
            ask()


def test_the_whole_store_can_be_opened():
    assert open_store("memory://").url == "memory://"


def test_a_foreign_error_becomes_one_line(store, monkeypatch):
    def fail(*args, **options):
        raise RuntimeError("the\nserver is\non fire")

    monkeypatch.setattr(store._filesystem, "cat_file", fail)

    with pytest.raises(StorageError) as raised:
        store.read("a")
    assert str(raised.value) == "the server is on fire while reading memory://remote/root/a"


def test_a_file_is_copied_in_and_fetched_with_every_byte_told(store, tmp_path):
    (tmp_path / "local").write_bytes(b"0123")
    told: list[int] = []
    store.copy_in(tmp_path / "local", "a/copy", told.append)
    store.fetch("a/copy", tmp_path / "fetched", told.append)

    assert (tmp_path / "local").read_bytes() == (tmp_path / "fetched").read_bytes() == b"0123"
    assert sum(told) == 8
