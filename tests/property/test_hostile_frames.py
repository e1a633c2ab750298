"""Whatever comes through a scorer process's channel: replies, or an error; no hang, no hoard."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from framework.domain.files import InputFile
from framework.domain.mini_batches import MiniBatch
from framework.engine.recovery import Trouble
from framework.engine.replies import ReplyReader
from framework.engine.work import Scored, Task, Ticket
from framework.scoring.child.channel import FrameError, FrameReader, encode_frame
from framework.scoring.launch import Room
from framework.scoring.process import Reply
from framework.scoring.protocol import ProtocolError, check_reply

ROOM = Room(folder=Path("/r"), cwd=Path("/r"), log=Path("/r/0.log"), model_dir=None)
SUCCESS = {"ok": True, "turn": 1, "seconds": 0.5, "items": 1, "rows": 1, "columns": [["a", ""]]}
FAILURE = {
    "ok": False,
    "turn": 1,
    "seconds": 0.5,
    "stage": "score",
    "kind": "exception",
    "message": "m",
    "traceback": "",
}

lengths = st.integers(0, 2**32 - 1)
pieces = (
    st.binary(max_size=20)
    | st.builds(struct.Struct(">II").pack, lengths, lengths)
    | st.builds(encode_frame, st.sampled_from([SUCCESS, FAILURE, [], 1, {}]), st.binary(max_size=5))
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
spoilt = st.builds(
    lambda sound, key, value: {**sound, key: value},
    st.sampled_from([SUCCESS, FAILURE]),
    st.sampled_from(sorted({*SUCCESS, *FAILURE, "missing", "extras"})),
    json_values,
) | st.builds(
    lambda sound, key: {name: sound[name] for name in sound if name != key},
    st.sampled_from([SUCCESS, FAILURE]),
    st.sampled_from(sorted({*SUCCESS, *FAILURE})),
)


class Keeper:
    def stage_extras(self, task, room, names):
        return tuple(names)

    def encode_columns(self, payload):
        raise AssertionError("no columns were sent")


@given(st.lists(pieces, max_size=8), st.integers(1, 64))
@example([b"\xff" * 8], 8)
@example([b"\0\0\0\1\0\0\0\0["], 1)
@example([struct.pack(">II", 200_000, 0) + b"[" * 200_000], 64_000)
def test_bytes_are_frames_or_an_error_and_nothing_more_is_held_than_came(pieces, step):
    data = b"".join(pieces)
    reader = FrameReader()
    taken = 0
    try:
        for start in range(0, len(data), step):
            for header, payload in reader.feed(data[start : start + step]):
                json.dumps(header)
                taken += 8 + len(payload)
    except FrameError:
        pass
    assert len(reader._buffer) + taken <= len(data)


@given(json_values | spoilt, st.integers(0, 2))
def test_what_passes_for_a_reply_can_be_read_as_one(header, turn):
    try:
        checked = check_reply(header, turn)
    except ProtocolError:
        return
    if turn == 0:
        return
    batch = MiniBatch(0, (InputFile("a", 1, "e"), InputFile("b", 1, "e")))
    ticket = Ticket([batch])
    reader = ReplyReader(Keeper())
    reader.begin(sends_columns=False)
    read = reader.read(Task(batch, ticket), Reply(checked, b"x"), ROOM, was_fresh=True)
    assert isinstance(read, (Scored, Trouble))


def test_sound_replies_pass():
    assert check_reply(SUCCESS, 1) == SUCCESS
    assert check_reply(FAILURE, 1) == FAILURE
