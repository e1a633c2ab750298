"""The channel between a scorer process and its instance: frames over a socket of their own.

A frame is eight bytes of lengths (big-endian: header, payload), a JSON header and a binary
payload. Prints can't corrupt it, since it is neither stdout nor stderr.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any, Iterator, Tuple

_LENGTHS = struct.Struct(">II")
_READ_BYTES = 1 << 18

Frame = Tuple[Any, bytes]


def encode_frame(header: Any, payload: bytes = b"") -> bytes:
    """The bytes of one frame."""
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    return _LENGTHS.pack(len(text), len(payload)) + text + payload


class FrameReader:
    """Turns bytes as they come into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Takes bytes and yields the frames that are complete."""
        self._buffer += data
        position = 0
        try:
            while len(self._buffer) - position >= _LENGTHS.size:
                header, payload = _LENGTHS.unpack_from(self._buffer, position)
                start = position + _LENGTHS.size
                end = start + header + payload
                if len(self._buffer) < end:
                    break
                position = end
                body = start + header
                text = self._buffer[start:body].decode("ascii")
                yield json.loads(text), bytes(self._buffer[body:end])
        finally:
            del self._buffer[:position]


class Channel:
    """The scorer process's end: blocking, one frame at a time."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(True)
        self._socket.set_inheritable(False)
        self._reader = FrameReader()

    def __iter__(self) -> Iterator[Any]:
        """The headers of all frames, until the instance closes its end."""
        while True:
            data = self._socket.recv(_READ_BYTES)
            if not data:
                return
            for header, _ in self._reader.feed(data):
                yield header

    def send(self, header: Any, payload: bytes = b"") -> None:
        """Sends one frame."""
        self._socket.sendall(encode_frame(header, payload))
