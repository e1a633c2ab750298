"""The channel between a scorer process and its instance: frames over a socket of their own.

A frame is eight bytes of lengths (big-endian: header, payload), a JSON header and a binary
payload. Prints can't corrupt it, since it is neither stdout nor stderr; what else a user's code
writes to the descriptor is no frame, or one too many, and the process is killed for it.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import struct
from typing import Any, Iterator, NoReturn, Tuple

_LENGTHS = struct.Struct(">II")
_READ_BYTES = 1 << 18
MAX_HEADER = 1 << 28
MAX_PAYLOAD = 1 << 30

Frame = Tuple[Any, bytes]


class FrameError(ValueError):
    """What was received is no frame."""


class FrameTooLargeError(MemoryError):
    """A frame would be longer than any may be. As out of memory: fewer files are the remedy."""


def encode_frame(header: Any, payload: bytes = b"") -> bytes:
    """The bytes of one frame.

    Raises:
        FrameTooLargeError: There are too many.
    """
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    for part, size, most in (("rows", len(payload), MAX_PAYLOAD), ("names", len(text), MAX_HEADER)):
        if size > most:
            raise FrameTooLargeError(
                "the {0} of one mini-batch take {1} MiB, and at most {2} MiB can be kept: "
                "a smaller mini_batch_size helps".format(part, size >> 20, most >> 20)
            )
    return _LENGTHS.pack(len(text), len(payload)) + text + payload


class FrameReader:
    """Turns bytes as they come into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Takes bytes and yields the frames that are complete.

        Raises:
            FrameError: What follows those is none.
        """
        self._buffer += data
        position = 0
        try:
            while len(self._buffer) - position >= _LENGTHS.size:
                header, payload = _LENGTHS.unpack_from(self._buffer, position)
                if header > MAX_HEADER or payload > MAX_PAYLOAD:
                    raise FrameError("it announces {0} bytes".format(header + payload))
                start = position + _LENGTHS.size
                end = start + header + payload
                if len(self._buffer) < end:
                    break
                position = end
                body = start + header
                yield _decode(self._buffer[start:body]), bytes(self._buffer[body:end])
        finally:
            del self._buffer[:position]


def _decode(text: bytearray) -> Any:
    try:
        return json.loads(text.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise FrameError("its header is no JSON") from error


class Channel:
    """The scorer process's end: blocking, one frame at a time."""

    def __init__(self, fd: int) -> None:
        # Never closed: the instance takes the channel's end for that of the process, and Python
        # still has to run what was registered with `atexit`.
        self._spare = os.dup(fd)
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(True)
        self._socket.set_inheritable(False)
        self._reader = FrameReader()

    def close(self) -> None:
        """Closes it; for what a user's code has forked, which must not answer in our name.

        Its children call this again, where the number may be that of a file of theirs.
        """
        self._socket.close()
        if self._spare >= 0:
            os.close(self._spare)
            self._spare = -1

    def __iter__(self) -> Iterator[Any]:
        """The headers of all frames, until the instance closes its end."""
        while True:
            try:
                data = self._socket.recv(_READ_BYTES)
            except OSError as error:
                _await_end(error)
            if not data:
                return
            for header, _ in self._reader.feed(data):
                yield header

    def send(self, header: Any, payload: bytes = b"") -> None:
        """Sends one frame."""
        frame = encode_frame(header, payload)
        try:
            self._socket.sendall(frame)
        except OSError as error:
            _await_end(error)


def _await_end(error: OSError) -> NoReturn:
    """Where a user's code has closed the channel, the instance has seen that, and kills us."""
    if error.errno not in (errno.EBADF, errno.ENOTSOCK):
        raise error
    while True:
        signal.pause()
