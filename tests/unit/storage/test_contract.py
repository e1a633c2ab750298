"""What every store has to keep, on each kind of store that is at hand."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from framework.errors import StorageError
from framework.storage import Store, open_store
from tests.servers.objects import KINDS, new_store

RACERS = 16


@pytest.fixture(params=["local", *KINDS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store with nothing in it."""
    if request.param == "local":
        yield open_store(str(tmp_path / "store"))
        return
    with new_store(request) as store:
        yield store


def race(attempt: Callable[[int], object]) -> list[int]:
    """Who of many that try at the same moment succeeds."""
    winners: list[int] = []
    failures: list[BaseException] = []
    ready = threading.Barrier(RACERS)

    def run(number: int) -> None:
        ready.wait()
        try:
            attempt(number)
        except FileExistsError:
            return
        except BaseException as error:
            failures.append(error)
            return
        winners.append(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(RACERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    return winners


def stage(store: Store, final: str, token: str, content: bytes) -> str:
    with store.stage(final, token) as staged:
        staged.stream.write(content)
    return staged.path


def test_what_is_written_is_read_whole_and_in_pieces(store):
    store.write("a/b c/#1", b"0123456789")

    assert store.read("a/b c/#1") == b"0123456789"
    assert store.read("a/b c/#1", start=2, length=3) == b"234"
    assert store.read("a/b c/#1", start=8) == b"89"
    assert store.read("a/b c/#1", start=8, length=10) == b"89"
    assert store.stat("a/b c/#1").size == 10
    store.write("a/b c/#1", b"")
    assert store.read("a/b c/#1") == b""
    assert store.stat("a/b c/#1").size == 0


def test_a_stream_is_read_line_by_line_and_sought_in(store):
    lines = [b"%d\n" % number for number in range(1000)]
    store.write("f", b"".join(lines))

    with store.open_read("f") as stream:
        assert stream.seekable()
        assert list(stream) == lines
        assert stream.seek(-4, os.SEEK_END) == 3886
        assert stream.read() == b"999\n"
        stream.seek(2)
        assert stream.readline() == b"1\n"


def test_what_is_not_there_is_file_not_found(store, tmp_path):
    asks = (
        store.read,
        store.stat,
        store.open_read,
        store.open_log,
        store.log_size,
        store.read_log,
        store.identity,
        lambda path: store.fetch(path, tmp_path / "fetched"),
    )
    for ask in asks:
        with pytest.raises(FileNotFoundError):
            ask("nothing/here")
    assert store.names("nothing") == []
    assert not store.exists("nothing")
    store.delete("nothing")
    store.unstage("nothing", "token")


def test_files_and_folders_exist_and_are_named(store):
    for path in ("a/1", "a-/2", ".hidden/x", "b"):
        store.write(path, b"x")

    assert store.names() == [".hidden", "a", "a-", "b"]
    assert store.names("a") == ["1"]
    assert all(map(store.exists, ("a", "a/1", "a-", "b")))
    assert not store.exists("a/1/x")
    with pytest.raises(StorageError, match="is a folder"):
        store.stat("a")


def test_a_folder_is_deleted_with_all_that_is_in_it_and_nothing_else(store):
    for path in ("a/1", "a/b/2", "a.x", "ab"):
        store.write(path, b"x")
    store.delete("a")

    assert store.names() == ["a.x", "ab"]
    store.delete("ab")
    assert store.names() == ["a.x"]


@pytest.mark.parametrize("path", ["../x", "a/../../x", "a\0b"])
def test_a_path_that_leaves_the_root_is_refused(store, path):
    for ask in (store.read, store.delete, lambda path: store.write(path, b"")):
        with pytest.raises(StorageError, match="leaves its store"):
            ask(path)


def test_a_store_below_has_the_same_files_and_options(store):
    store.write("a/b/c", b"x")
    below = store.at("a/b")

    assert below.url == f"{store.url}/a/b"
    assert below.options == store.options
    assert below.read("c") == b"x"
    assert open_store(below.url, below.options).names() == ["c"]


def test_local_files_are_copied_moved_and_fetched_with_every_byte_told(store, tmp_path):
    local = tmp_path / "local"
    local.write_bytes(b"0123")
    told: list[int] = []
    store.copy_in(local, "a/copy", told.append)
    assert local.exists()
    store.put(local, "a/moved")
    assert not local.exists()
    store.fetch("a/copy", tmp_path / "fetched", told.append)

    assert (tmp_path / "fetched").read_bytes() == store.read("a/moved") == b"0123"
    assert sum(told) == 8


def test_an_etag_changes_with_the_content(store):
    store.write("a", b"one")
    before = store.stat("a")
    store.write("a", b"other")

    assert store.stat("a").etag != before.etag


def test_one_of_many_that_create_a_file_wins(store):
    # fake-gcs-server ignores the condition of resumable uploads, as the real one does not.
    assert store.creates_exclusively or store.url.startswith("gs://")
    winners = race(lambda number: store.create("new/one", b"%d" % number))

    assert len(winners) == 1
    assert store.read("new/one") == b"%d" % winners[0]
    with pytest.raises(FileExistsError):
        store.create("new/one", b"")


def test_an_empty_file_is_created_once(store):
    store.create("empty", b"")
    with pytest.raises(FileExistsError):
        store.create("empty", b"")
    assert store.read("empty") == b""


def test_one_of_many_that_commit_wins_and_keeps_its_identity(store):
    staged = [stage(store, "out/f.csv", f"t{n}", b"%d\n" % n) for n in range(RACERS)]
    identities = [store.identity(path) for path in staged]
    assert len(set(identities)) == RACERS

    winners = race(lambda number: store.commit(staged[number], "out/f.csv"))

    assert len(winners) == 1
    assert store.read("out/f.csv") == b"%d\n" % winners[0]
    assert store.identity("out/f.csv") == identities[winners[0]]
    assert not store.exists(staged[winners[0]])
    assert sum(map(store.exists, staged)) == RACERS - 1


def test_a_staged_file_is_hidden_and_can_be_committed_under_another_name(store):
    path = stage(store, "out/f.csv", "token", b"rows\n")

    assert not store.exists("out/f.csv")
    assert list(store.walk()) == []
    store.commit(path, "other/g.csv")
    assert store.read("other/g.csv") == b"rows\n"


def test_an_empty_file_is_committed(store):
    store.commit(stage(store, "f", "token", b""), "f")
    assert store.read("f") == b""


def test_what_raises_while_staging_leaves_nothing(store):
    def stage_half() -> None:
        with store.stage("f", "token") as staged:
            staged.stream.write(b"half")
            raise FileNotFoundError("parts")

    with pytest.raises(FileNotFoundError, match="parts"):
        stage_half()
    assert store.names() == []


def test_what_a_killed_stage_left_is_unstaged(store):
    stage(store, "f", "token", b"x")
    store.unstage("f", "other")
    assert len(store.names()) == 1
    store.unstage("f", "token")
    assert store.names() == []


def test_a_log_grows_by_what_is_synced_and_is_read_as_one_stream(store):
    log = store.append_log("logs/000001.jsonl")
    assert store.log_size("logs/000001.jsonl") == 0
    assert store.names("logs") == ["000001.jsonl"]
    log.append(b"one\n")
    log.append(b"two\n")
    log.sync()
    with store.open_log("logs/000001.jsonl") as stream:
        assert stream.readline() == b"one\n"
        assert list(stream) == [b"two\n"]
        log.append(b"three\n")
        log.sync()
        log.sync()
        assert stream.readline() == b"three\n"
        assert stream.readline() == b""
        log.append(b"four\n")
        log.close()
        assert stream.read() == b"four\n"

    assert store.log_size("logs/000001.jsonl") == 19
    assert store.read_log("logs/000001.jsonl") == b"one\ntwo\nthree\nfour\n"
    assert store.read_log("logs/000001.jsonl", start=5, length=6) == b"wo\nthr"
    assert store.read_log("logs/000001.jsonl", start=14) == b"four\n"
    assert store.read_log("logs/000001.jsonl", start=19) == b""
    with pytest.raises(StorageError, match="closed"):
        log.append(b"more")


def test_a_log_that_is_opened_again_goes_on(store):
    for words in (b"one\n", b"two\n"):
        log = store.append_log("log")
        log.append(words)
        log.close()

    assert store.read_log("log") == b"one\ntwo\n"
    store.delete("log")
    assert store.names() == []
