"""What is sent, copied and read in parts."""

from __future__ import annotations

import hashlib
import os

import pytest

from framework.storage.objects import committing, writing
from framework.storage.objects.failures import CantCopyError

PART = writing.PART_BYTES
BLOCK = os.urandom(1 << 20)


def write(stream, blocks: int, tail: bytes) -> str:
    digest = hashlib.sha256()
    for number in range(blocks):
        piece = number.to_bytes(4, "big") + BLOCK[4:]
        stream.write(piece)
        digest.update(piece)
    stream.write(tail)
    digest.update(tail)
    return digest.hexdigest()


def sha256_of(store, path: str) -> str:
    with store.open_read(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def test_a_large_object_is_staged_in_parts_and_committed_with_its_identity(store, tmp_path):
    with store.stage("out", "token") as staged:
        sha256 = write(staged.stream, 20, b"tail")
    identity = store.identity(staged.path)
    store.commit(staged.path, "out")

    assert store.stat("out").size == (20 << 20) + 4
    assert sha256_of(store, "out") == sha256
    assert store.identity("out") == identity
    assert store.names() == ["out"]
    store.fetch("out", tmp_path / "fetched")
    assert hashlib.sha256((tmp_path / "fetched").read_bytes()).hexdigest() == sha256


def test_a_large_commit_never_replaces_anything(store):
    store.write("out", b"a rival's")
    with store.stage("out", "token") as staged:
        write(staged.stream, 10, b"")
    with pytest.raises(FileExistsError):
        store.commit(staged.path, "out")

    assert store.read("out") == b"a rival's"
    assert store.exists(staged.path)


def test_where_the_store_has_no_such_copy_the_bytes_are_sent_again(store, monkeypatch):
    def refuse(*arguments):
        raise CantCopyError("not here")

    monkeypatch.setattr(type(store._objects), "copy_new", refuse)
    with store.stage("out", "token") as staged:
        sha256 = write(staged.stream, 10, b"x")
    identity = store.identity(staged.path)
    store.commit(staged.path, "out")

    assert sha256_of(store, "out") == sha256
    assert store.identity("out") == identity
    with store.stage("out", "other") as staged:
        write(staged.stream, 10, b"y")
    with pytest.raises(FileExistsError):
        store.commit(staged.path, "out")


def test_a_rival_that_comes_while_bytes_are_sent_again_wins(store, monkeypatch):
    if not store.creates_exclusively:
        pytest.skip("this server ignores the condition of large uploads")
    monkeypatch.setattr(committing, "_check_free", lambda objects, key: None)
    monkeypatch.setattr(
        type(store._objects), "copy_new", lambda *arguments: (_ for _ in ()).throw(CantCopyError())
    )
    with store.stage("out", "token") as staged:
        write(staged.stream, 10, b"x")
    store.create("out", b"a rival's")
    with pytest.raises(FileExistsError):
        store.commit(staged.path, "out")
    assert store.read("out") == b"a rival's"


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_sizes_around_a_parts_size_are_kept(store, more):
    content = (BLOCK * 8)[: PART + more] if more < 1 else BLOCK * 8 + b"x"
    with store.stage("out", "token") as staged:
        staged.stream.write(content)
    store.commit(staged.path, "out")
    assert store.stat("out").size == PART + more
    assert store.read("out", start=PART - 2) == content[PART - 2 :]


@pytest.mark.slow
@pytest.mark.parametrize("store", ["s3", "azure"], indirect=True)
def test_more_than_a_hundred_mebibytes_go_through_in_bounded_memory(store):
    sent = []
    with store.stage("out", "token") as staged:
        sha256 = write(staged.stream, 110, b"end")
        sent.append(len(staged.stream._buffer))
    store.commit(staged.path, "out")
    assert sha256_of(store, "out") == sha256
    assert max(sent) <= PART


def test_a_stream_sees_one_version_or_fails(store):
    store.write("f", BLOCK * 9)
    with store.open_read("f") as stream:
        assert stream.read(10) == BLOCK[:10]
        store.write("f", bytes(9 << 20))
        stream.seek(5 << 20)
        with pytest.raises(Exception, match="has changed while it was read"):
            stream.read(10)


def test_what_raises_between_parts_leaves_nothing(store):
    def stage_half() -> None:
        with store.stage("out", "token") as staged:
            write(staged.stream, 20, b"")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stage_half()
    assert store.names() == []
