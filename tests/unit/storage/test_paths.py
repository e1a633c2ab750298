from __future__ import annotations

import os

import pytest

from framework.errors import MissingExtraError, StorageError, UsageError
from framework.storage import LocalStore, open_store
from framework.storage.paths import absolute, checked_relative, local_form


@pytest.fixture(autouse=True)
def somewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return str(tmp_path)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("data", "data"),
        ("./data/", "data"),
        ("a//b/./c", "a/b/c"),
        ("~/data", "home/data"),
        ("file://data", "data"),
        ("local://data", "data"),
        ("a:b", "a:b"),
        ("file", "file"),
        ("%41?b=#c", "%41?b=#c"),
    ],
)
def test_a_local_store_is_opened_by_path_or_url(url, path, somewhere):
    store = open_store(url)

    assert isinstance(store, LocalStore)
    assert store.url == f"{somewhere}/{path}"


@pytest.mark.parametrize(
    "url", ["/data/x", "//data/x", "file:///data/x", "FILE:/data/x", "file://localhost/data/x"]
)
def test_an_absolute_path_has_several_forms(url):
    assert open_store(url).url == "/data/x"


def test_an_encoded_url_is_decoded_unless_it_exists_as_it_is_written(somewhere):
    assert local_form(f"file://{somewhere}/a%20b") == f"{somewhere}/a b"
    os.mkdir("a%20b")
    assert local_form(f"file://{somewhere}/a%20b") == f"{somewhere}/a%20b"


def test_a_folder_called_tilde_is_that_folder(somewhere):
    os.mkdir("~")

    assert absolute("~") == f"{somewhere}/~"


def test_two_dots_after_a_link_lead_to_where_the_link_leads(somewhere):
    os.makedirs("real/inner")
    os.symlink("real/inner", "link")

    assert absolute("link/../x") == f"{somewhere}/real/x"
    assert absolute("link/..") == f"{somewhere}/real"
    assert absolute("link/x") == f"{somewhere}/link/x"
    assert absolute("link/..x") == f"{somewhere}/link/..x"


def test_a_path_below_a_store_is_normalised():
    assert checked_relative("a//b/./c/") == "a/b/c"
    assert checked_relative("a..b/..c") == "a..b/..c"
    for path in ("/a", "a/../b", ".."):
        with pytest.raises(StorageError):
            checked_relative(path)


@pytest.mark.parametrize(
    ("scheme", "extra", "library"),
    [
        ("s3", "s3", "s3fs"),
        ("s3a", "s3", "s3fs"),
        ("az", "azure", "adlfs"),
        ("abfs", "azure", "adlfs"),
        ("abfss", "azure", "adlfs"),
        ("adl", "azure", "adlfs"),
        ("gs", "gcs", "gcsfs"),
        ("gcs", "gcs", "gcsfs"),
        ("http", "http", "aiohttp"),
        ("HTTPS", "http", "aiohttp"),
    ],
)
def test_a_missing_library_is_named_with_its_extra(scheme, extra, library, monkeypatch):
    monkeypatch.setattr("framework.storage.schemes.find_spec", lambda name: None)

    with pytest.raises(MissingExtraError) as raised:
        open_store(f"{scheme}://bucket/x?sig=secret")

    assert raised.value.extra == extra
    assert f"needs {library}: pip install 'dask-batch-endpoints[{extra}]'" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_an_unknown_scheme_is_refused_with_the_nearest_one():
    with pytest.raises(UsageError, match=r"unknown scheme 'memry' of memry://x, did you mean 'mem"):
        open_store("memry://x")
    with pytest.raises(UsageError, match="there is 'abfs'"):
        open_store("zzzzzz://x")


def test_an_empty_location_is_refused():
    with pytest.raises(UsageError, match="empty"):
        open_store("")
