from __future__ import annotations

import json
import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.scoring.child.channel import Channel, FrameReader, encode_frame

texts = st.text(st.characters(), max_size=10)  # lone surrogates too: names may be no UTF-8
headers = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
frames = st.lists(st.tuples(headers, st.binary(max_size=40)), max_size=6)


def test_a_channel_that_is_closed_again_closes_nothing_else():
    ours, theirs = socket.socketpair()
    with ours:
        channel = Channel(theirs.detach())
        channel.close()  # as in a process that a script forks
        taken = [os.open(os.devnull, os.O_RDONLY) for _ in range(3)]
        channel.close()  # as in a process that this one forks

        for fd in taken:
            os.close(fd)


@given(frames, st.data())
def test_frames_come_back_however_their_bytes_are_split(frames, data):
    sent = b"".join(encode_frame(*frame) for frame in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=8)))
    reader = FrameReader()

    received = []
    for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        received += reader.feed(sent[start:end])
    assert received == frames


@given(frames)
def test_frames_come_back_byte_by_byte(frames):
    reader = FrameReader()
    sent = b"".join(encode_frame(*frame) for frame in frames)

    received = [frame for byte in sent for frame in reader.feed(bytes([byte]))]
    assert received == frames


def test_a_frame_that_is_not_complete_is_kept():
    reader = FrameReader()
    sent = encode_frame({"a": 1}, b"payload")

    assert list(reader.feed(sent[:-1])) == []
    assert list(reader.feed(b"")) == []
    assert list(reader.feed(sent[-1:])) == [({"a": 1}, b"payload")]


def test_a_reader_that_is_left_half_way_loses_nothing():
    reader = FrameReader()
    sent = b"".join(encode_frame(number) for number in range(3))

    frames = reader.feed(sent)
    assert next(frames) == (0, b"")
    frames.close()
    assert list(reader.feed(b"")) == [(1, b""), (2, b"")]


@pytest.mark.parametrize(
    "garbage", [b"\0\0\0\x04\0\0\0\0]]]]", b"\0\0\0\x02\0\0\0\0\xff\xfe", b"\0" * 8]
)
def test_garbage_is_never_taken_for_a_frame(garbage):
    with pytest.raises(ValueError, match=r"\S"):
        list(FrameReader().feed(garbage))


def test_a_frame_says_its_lengths_before_its_header_and_payload():
    header = json.dumps({"a": [1]}, separators=(",", ":")).encode()

    assert encode_frame({"a": [1]}, b"xyz") == (
        len(header).to_bytes(4, "big") + (3).to_bytes(4, "big") + header + b"xyz"
    )
