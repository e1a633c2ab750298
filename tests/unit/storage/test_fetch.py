from __future__ import annotations

import pickle
import threading
from pathlib import Path

import fsspec
import pytest

from framework.domain.files import InputFile
from framework.errors import StorageError
from framework.storage import Fetcher, FetchError, LocalStore, open_store
from framework.storage.scratch import scratch_names


@pytest.fixture
def store():
    memory = fsspec.filesystem("memory")
    store = open_store("memory://fetched")
    for number in range(9):
        store.write(f"folder/{number}.png", b"x" * 10)
    yield store
    memory.rm("/fetched", recursive=True)


@pytest.fixture
def scratch(tmp_path):
    return tmp_path / "scratch"


def file(number: int, size: int = 10) -> InputFile:
    return InputFile(f"folder/{number}.png", size)


def lying_in(scratch: Path) -> int:
    return sum(path.stat().st_size for path in scratch.rglob("*") if path.is_file())


class Gated:
    """A store whose files come only when they are let through."""

    def __init__(self, store) -> None:
        self._store = store
        self.asked: list[str] = []
        self.gate = threading.Semaphore(0)
        self.began = threading.Semaphore(0)

    has_lasting_etags = False

    def local_path(self, path):
        return None

    def requests(self, path):
        return None

    def fetch(self, path, target):
        self.asked.append(path)
        self.began.release()
        assert self.gate.acquire(timeout=30)
        self._store.fetch(path, target)


def test_files_keep_their_names_and_folders_until_they_are_released(store, scratch):
    fetcher = Fetcher(store, scratch, max_bytes=1_000, most_at_once=2)
    fetcher.prefetch("batch", [file(1), file(2)])

    paths = fetcher.wait("batch")
    assert [path.split("/")[-2:] for path in paths] == [["folder", "1.png"], ["folder", "2.png"]]
    assert [Path(path).read_bytes() for path in paths] == [b"x" * 10] * 2
    assert all(Path(path).is_absolute() for path in paths)
    assert fetcher.wait("batch") == paths

    fetcher.release("batch")
    fetcher.release("batch")
    assert lying_in(scratch) == 0
    fetcher.close()
    assert not scratch.exists()


def test_local_files_are_used_in_place(tmp_path, scratch):
    store = LocalStore(tmp_path / "data")
    store.write("a/b", b"x")
    fetcher = Fetcher(store, scratch, max_bytes=1, most_at_once=1)
    fetcher.prefetch(0, [InputFile("a/b", 1)])

    assert fetcher.wait(0) == [str(tmp_path / "data" / "a" / "b")]
    assert fetcher.local_root == str(tmp_path / "data" / "a").removesuffix("a")
    fetcher.release(0)
    fetcher.close()
    assert store.read("a/b") == b"x"
    assert not scratch.exists()


def test_a_key_that_was_released_can_be_asked_for_again(store, scratch):
    fetcher = Fetcher(store, scratch, max_bytes=1_000, most_at_once=2)
    for _ in range(3):
        fetcher.prefetch(7, [file(1)])
        assert Path(fetcher.wait(7)[0]).exists()
        fetcher.release(7)
    with pytest.raises(KeyError):
        fetcher.wait(7)
    fetcher.close()


def test_scratch_stays_within_its_bound_and_everything_is_fetched_in_the_end(store, scratch):
    fetcher = Fetcher(store, scratch, max_bytes=25, most_at_once=4)
    for number in range(9):
        fetcher.prefetch(number, [file(number)])
    for number in range(9):
        (path,) = fetcher.wait(number)
        assert Path(path).name == f"{number}.png"
        assert lying_in(scratch) <= 25
        fetcher.release(number)
    fetcher.close()


def test_more_is_fetched_only_when_something_is_released(store, scratch):
    gated = Gated(store)
    fetcher = Fetcher(gated, scratch, max_bytes=20, most_at_once=4)
    for number in range(3):
        fetcher.prefetch(number, [file(number)])
    for _ in range(2):
        assert gated.began.acquire(timeout=30)
    assert sorted(gated.asked) == ["folder/0.png", "folder/1.png"]

    gated.gate.release(9)
    fetcher.wait(0)
    assert not gated.began.acquire(blocking=False)
    fetcher.release(0)
    assert gated.began.acquire(timeout=30)
    assert gated.asked[2] == "folder/2.png"
    fetcher.close()


@pytest.mark.parametrize("max_bytes", [0, 5, 15])
def test_what_is_larger_than_the_bound_is_fetched_alone(store, scratch, max_bytes):
    fetcher = Fetcher(store, scratch, max_bytes=max_bytes, most_at_once=2)
    fetcher.prefetch("small", [file(0)])
    fetcher.prefetch("large", [file(1), file(2)])

    assert len(fetcher.wait("small")) == 1
    fetcher.release("small")
    assert len(fetcher.wait("large")) == 2
    fetcher.close()


def test_waiting_out_of_order_does_not_lock_up(store, scratch):
    fetcher = Fetcher(store, scratch, max_bytes=10, most_at_once=1)
    for number in range(3):
        fetcher.prefetch(number, [file(number)])

    for number in (2, 1, 0):
        assert len(fetcher.wait(number)) == 1
        fetcher.release(number)
    fetcher.close()


def test_each_file_that_fails_is_named_with_its_reason_and_the_others_are_there(store, scratch):
    fetcher = Fetcher(store, scratch, max_bytes=1_000, most_at_once=2)
    files = [file(1), file(44), file(2, size=99), InputFile("a/../b", 1), InputFile("x" * 300, 0)]
    store.write("x" * 300, b"")
    fetcher.prefetch(0, files)

    with pytest.raises(FetchError) as raised:
        fetcher.wait(0)

    error = pickle.loads(pickle.dumps(raised.value))
    assert list(error.fetched) == ["folder/1.png"]
    assert Path(error.fetched["folder/1.png"]).read_bytes() == b"x" * 10
    assert error.reasons["folder/44.png"] == "it is not there any more"
    changed = "it has changed since it was listed: 10 bytes, and not 99"
    assert error.reasons["folder/2.png"] == changed
    assert "leaves its store" in error.reasons["a/../b"]
    assert "too long" in error.reasons["x" * 300]
    assert str(error).endswith("(and 3 more)")
    fetcher.release(0)
    assert lying_in(scratch) == 0
    fetcher.close()


def test_what_is_released_while_it_is_fetched_is_deleted_when_it_has_come(store, scratch):
    gated = Gated(store)
    fetcher = Fetcher(gated, scratch, max_bytes=10, most_at_once=1)
    fetcher.prefetch(0, [file(0), file(1)])
    fetcher.prefetch(1, [file(2)])
    assert gated.began.acquire(timeout=30)
    fetcher.release(0)
    gated.gate.release(9)

    assert len(fetcher.wait(1)) == 1
    assert lying_in(scratch) == 10
    assert gated.asked == ["folder/0.png", "folder/2.png"]
    fetcher.close()


def test_closing_ends_the_waiting(store, scratch):
    gated = Gated(store)
    fetcher = Fetcher(gated, scratch, max_bytes=10, most_at_once=1)
    fetcher.prefetch(0, [file(0), file(1)])
    fetcher.prefetch(1, [file(2)])
    errors = []

    def wait(key):
        try:
            fetcher.wait(key)
        except StorageError as error:
            errors.append(str(error))

    waiting = [threading.Thread(target=wait, args=(key,)) for key in (0, 1)]
    for thread in waiting:
        thread.start()
    assert gated.began.acquire(timeout=30)
    gated.gate.release(9)
    fetcher.close()
    for thread in waiting:
        thread.join()

    assert errors in ([], ["fetching was stopped"], ["fetching was stopped"] * 2)
    assert not scratch.exists()
    with pytest.raises(StorageError, match="stopped"):
        fetcher.wait(0)


def test_names_that_no_disk_can_hold_together_are_kept_apart():
    assert scratch_names(["/a", "a", "//b/c"]) == ["files/a", "1/a", "files/b/c"]
    assert scratch_names(["a/b", "a", "a//b", "a/b/c", "d/b"]) == [
        "files/a/b",
        "1/a",
        "2/a/b",
        "3/a/b/c",
        "files/d/b",
    ]
