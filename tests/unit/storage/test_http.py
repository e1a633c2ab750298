from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from framework.errors import InputError
from framework.storage import open_input, open_store


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The address of a server that lists its folders, as many do."""
    folder = tmp_path / "site"
    (folder / "images/deep er").mkdir(parents=True)
    (folder / "images/b.txt").write_bytes(b"bb")
    (folder / "images/a c.txt").write_bytes(b"a")
    (folder / "images/deep er/d.txt").write_bytes(b"dddd")
    (folder / "page.html").write_text('<a href="b.txt">x</a><a href="/images/b.txt">y</a>')
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("folder", ["images", "images/"])
def test_a_folder_is_listed_with_the_folders_below_and_sizes(site: str, folder: str) -> None:
    listing = open_input([f"{site}/{folder}"])
    found = {file.path: file.size for file in listing.files()}
    assert found == {"a%20c.txt": 1, "b.txt": 2, "deep%20er/d.txt": 4}
    assert listing.root == f"{site}/images"


def test_what_was_listed_can_be_fetched_from_the_roots_url(site: str, tmp_path: Path) -> None:
    listing = open_input([f"{site}/images"])
    for file in listing.files():
        open_store(listing.root).fetch(file.path, tmp_path / "copy")
        assert (tmp_path / "copy").stat().st_size == file.size


def test_one_file_is_one_file(site: str) -> None:
    listing = open_input([f"{site}/images/b.txt"], expected="uri_file")
    assert [(file.path, file.size) for file in listing.files()] == [("b.txt", 2)]
    assert listing.root == f"{site}/images"


def test_a_page_with_links_is_a_file(site: str) -> None:
    assert [file.path for file in open_input([f"{site}/page.html"]).files()] == ["page.html"]
    with pytest.raises(InputError, match="is a file, and input_type is uri_folder"):
        open_input([f"{site}/page.html"], expected="uri_folder")


def test_a_glob_is_matched_with_what_is_listed(site: str) -> None:
    assert [file.path for file in open_input([f"{site}/images/b*"]).files()] == ["b.txt"]


def test_what_is_not_there_is_said(site: str) -> None:
    with pytest.raises(InputError, match="is not there"):
        open_input([f"{site}/images/nothing.txt"])
    with pytest.raises(InputError, match="has no 'nothing'"):
        open_input([f"{site}/nothing"])
