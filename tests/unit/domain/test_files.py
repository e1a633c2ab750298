from __future__ import annotations

import os
import pickle

from hypothesis import given
from hypothesis import strategies as st

from framework.domain.files import InputFile, order_key

names = st.text(
    st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1, max_size=8
)


@given(st.lists(names))
def test_the_order_is_that_of_the_utf_8_bytes(paths):
    assert sorted(paths, key=order_key) == sorted(paths, key=lambda path: path.encode())


def test_a_name_that_is_no_utf_8_has_a_place_by_its_own_bytes():
    odd = [os.fsdecode(name) for name in (b"\xff", b"a", b"\x80", "é".encode())]

    assert [os.fsencode(name) for name in sorted(odd, key=order_key)] == [
        b"a",
        b"\x80",
        "é".encode(),
        b"\xff",
    ]


def test_a_file_survives_pickling():
    file = InputFile(os.fsdecode(b"a/\xff b.png"), 12, "34")

    assert pickle.loads(pickle.dumps(file)) == file
