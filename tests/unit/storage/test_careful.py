from __future__ import annotations

import errno
import pickle
from pathlib import Path

import pytest

from framework.domain.files import InputFile
from framework.errors import StorageError, StoreUnavailableError
from framework.storage.careful import CarefulFetch
from framework.storage.objects.s3_failures import failure_of


class Giving:
    """A store that gives one byte for each file, or raises what it is told to."""

    has_lasting_etags = False
    tells_sizes = True

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.looks: Exception | None = None

    def stat(self, path: str) -> None:
        if self.looks is not None:
            raise self.looks

    def fetch(self, path: str, target: Path) -> None:
        if self.error is not None:
            raise self.error
        target.write_bytes(b"x")


FILE = InputFile("a", 1)
GONE = StoreUnavailableError("the store can't be reached")


@pytest.fixture
def store() -> Giving:
    return Giving()


@pytest.fixture
def careful(store: Giving) -> CarefulFetch:
    return CarefulFetch(store)  # type: ignore[arg-type]


def test_a_store_that_has_never_answered_is_at_fault(
    store: Giving, careful: CarefulFetch, tmp_path: Path
) -> None:
    store.error = GONE
    assert careful.fetch(FILE, str(tmp_path / "a")) == ("", GONE)


def test_a_file_is_at_fault_where_the_store_still_knows_another(
    store: Giving, careful: CarefulFetch, tmp_path: Path
) -> None:
    assert careful.fetch(FILE, str(tmp_path / "a")) == ("", None)
    store.error = GONE
    assert careful.fetch(FILE, str(tmp_path / "b")) == (GONE.message, None)
    store.looks = GONE
    assert careful.fetch(FILE, str(tmp_path / "c")) == ("", GONE)


def test_credentials_that_hold_no_more_are_no_files_fault(
    store: Giving, careful: CarefulFetch, tmp_path: Path
) -> None:
    exceptions = pytest.importorskip("botocore.exceptions")
    answer = {"Error": {"Code": "ExpiredToken"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    error = failure_of(exceptions.ClientError(answer, "GetObject"), "get_object", "b/a", "")
    assert isinstance(error, StoreUnavailableError)
    assert pickle.loads(pickle.dumps(error)).is_certain
    assert careful.fetch(FILE, str(tmp_path / "a")) == ("", None)
    store.error = error
    assert careful.fetch(FILE, str(tmp_path / "b")) == ("", error)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_no_files_fault(
    store: Giving, careful: CarefulFetch, tmp_path: Path, number: int
) -> None:
    full = StorageError("no space")
    full.__cause__ = OSError(number, "no space")
    store.error = full
    assert careful.fetch(FILE, str(tmp_path / "a")) == ("", full)


def test_anything_else_is_the_files_own(
    store: Giving, careful: CarefulFetch, tmp_path: Path
) -> None:
    store.error = StorageError("access denied")
    assert careful.fetch(FILE, str(tmp_path / "a")) == ("access denied", None)
    store.error = FileNotFoundError()
    assert careful.fetch(FILE, str(tmp_path / "a")) == ("it is not there any more", None)
    store.error = None
    listed = InputFile("a", 7)
    reason, trouble = careful.fetch(listed, str(tmp_path / "a"))
    assert (reason, trouble) == (
        "it has changed since it was listed: 1 bytes, and not 7",
        None,
    )
