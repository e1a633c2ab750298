from __future__ import annotations

import os
import threading

import pytest

from framework.errors import InputError
from framework.storage import open_input, open_store
from framework.storage.input_lists import InputList


def texts(path) -> list[str]:
    return [line.text for line in InputList(str(path)).lines()]


def test_lines_come_as_they_are_but_for_their_ends(tmp_path):
    (tmp_path / "list").write_bytes(b"\xef\xbb\xbfa.png\r\n\r\n  \n b c #1\nd\xff\nlast")

    assert texts(tmp_path / "list") == ["a.png", " b c #1", "d\udcff", "last"]


def test_a_line_says_where_it_stands(tmp_path):
    (tmp_path / "list").write_text("\n\na\n")

    assert [line.place for line in InputList(str(tmp_path / "list")).lines()] == [
        f"line 3 of {tmp_path}/list"
    ]


def test_a_list_may_be_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=("a\nb\n",))
    writer.start()

    assert texts(tmp_path / "pipe") == ["a", "b"]
    writer.join()


@pytest.mark.parametrize("content", [b"", b"\n\r\n \t\n", b"\xef\xbb\xbf"])
def test_a_list_of_nothing_is_an_error(tmp_path, content):
    (tmp_path / "list").write_bytes(content)

    with pytest.raises(InputError, match=r"the list of inputs is empty: /.*/list$"):
        texts(tmp_path / "list")


def test_a_list_that_is_not_there_or_no_text_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"the list of inputs is not there: /.*/nothing"):
        texts(tmp_path / "nothing")
    with pytest.raises(InputError, match=r"is a directory while reading the list of inputs"):
        texts(tmp_path)
    (tmp_path / "list").write_text("a\n", encoding="utf-16")
    with pytest.raises(InputError, match="UTF-16, and UTF-8 is needed"):
        texts(tmp_path / "list")


def test_a_list_may_lie_in_a_store_and_its_lines_are_relative_to_it(request):
    store = open_store(f"memory://{request.node.name}")
    for name in ("data/a.txt", "data/b c.txt", "other.txt"):
        store.write(name, b"x")
    lines = f"b c.txt\na.txt\n{store.url}/other.txt\n"
    store.write("data/list.txt", lines.encode())
    listing = open_input([f"@{store.url}/data/list.txt"])
    assert [file.path for file in listing.files()] == ["data/a.txt", "data/b c.txt", "other.txt"]
    with pytest.raises(InputError, match="the list of inputs is not there: memory://"):
        open_input([f"@{store.url}/none.txt"])


def test_a_workspace_in_a_stores_input_is_left_out(request):
    store = open_store(f"memory://{request.node.name}")
    for name in ("a.txt", "sub/b.txt", "ws/jobs/x/job.json", "sub/out/p.csv", "sub/outer.txt"):
        store.write(name, b"x")
    outside = [f"{store.url}/ws", f"{store.url}/sub/out/", store.url, "/not/there"]
    listing = open_input([store.url], leave_out=outside)
    assert [file.path for file in listing.files()] == ["a.txt", "sub/b.txt", "sub/outer.txt"]
