"""Mini-batches as scorer processes encode them, joined into an output."""

from __future__ import annotations

import io

import pytest

from framework.outputs import Block, decode_columns, unite
from framework.scoring.child.encoding import make_encoder
from framework.scoring.child.results import tabulate


class WriteOnly(io.RawIOBase):
    """A target that can do nothing but be written to."""

    def __init__(self):
        super().__init__()
        self.written = io.BytesIO()

    def write(self, data):
        return self.written.write(data)


def encode(output, result, files=()):
    """A mini-batch's block, by way of the scorer process and, where it takes it, the instance."""
    encoder = make_encoder(output.child_encoding)
    encoded = encoder.encode(tabulate(result, list(files)), result)
    if encoder.kind == "columns":
        return output.encode(*decode_columns(encoded.data))
    return type(encoded)(encoded.data, tuple(map(tuple, encoded.columns)))


def in_pieces(data, size):
    return (data[start : start + size] for start in range(0, len(data), size))


def join(output, encoded, piece_bytes=5):
    """The output's bytes, and the rows of each block."""
    columns = unite((block.columns for block in encoded), output.promote)
    blocks = (Block(block.columns, in_pieces(block.data, piece_bytes)) for block in encoded)
    target = WriteOnly()
    counts = list(output.join(columns, blocks, target))
    return target.written.getvalue(), counts


@pytest.fixture(scope="session", name="join")
def join_fixture():
    return join


@pytest.fixture(scope="session", name="encode")
def encode_fixture():
    return encode
