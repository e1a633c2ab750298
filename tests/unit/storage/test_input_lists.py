from __future__ import annotations

import os
import threading

import pytest

from framework.errors import InputError
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
