"""Many small GETs over kept connections: what costs one request a file must not cost milliseconds.

The libraries of stores spend one to five milliseconds of one core on a request, about as much as
scoring a small file takes. This spends a tenth of that, since it does the ordinary case only: a
whole file, answered with 200, its length and the expected etag. It never judges: whatever else is
answered, or goes wrong, is for the store's own library to try again and to explain.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO, Protocol

_CONNECT_S = 10.0
_SILENCE_S = 20.0
_LOOK_S = 5.0
_MOST_HEAD = 1 << 16


class Answer(StrEnum):
    """How a GET has ended."""

    DONE = "done"
    THROTTLED = "throttled"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where requests go.

    Attributes:
        host: A name or an address.
        port: Its port.
        tls: How the connection is secured; `None` for plain HTTP.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None


class Requests(Protocol):
    """What the requests for a store's files look like."""

    server: Server
    """Where all of them go."""

    def head(self, path: str) -> bytes:
        """A file's whole GET request, signed as it has to be."""

    def refresh(self) -> None:
        """Renews what runs out; called now and then, from a thread that may wait."""


@dataclass(slots=True, kw_only=True, eq=False)
class Get:
    """One file to be had.

    Attributes:
        head: The request.
        target: The local file to write, in a folder that is there.
        size: Its length in bytes; any other answer is not `DONE`.
        etag: Its etag; empty if it is not known.
        on_end: Told how it has ended, in the loop's thread.
        began: The loop's time when it was begun.
        file: What is being written.
        missing: Bytes that are still to come; -1 before the answer's head is here.
    """

    head: bytes = field(repr=False)  # it may be signed
    target: str
    size: int
    etag: str
    on_end: Callable[[Get, Answer], None]
    began: float = 0.0
    file: BinaryIO | None = None
    missing: int = -1


class Connections:
    """The connections to one server. All methods are called in the loop's thread.

    Args:
        server: Where they lead.
        loop: The loop whose thread this lives in.

    Attributes:
        loop: The same.
    """

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self.loop = loop
        self._free: list[_Connection] = []
        self._busy: set[_Connection] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._look = loop.call_later(_LOOK_S, self._look_for_silent)

    def begin(self, get: Get) -> None:
        """Sends a request, over a connection of its own for as long as it takes."""
        get.began = self.loop.time()
        if self._free:
            self._send(self._free.pop(), get)
        else:
            task = self.loop.create_task(self._connect(get))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    def close(self) -> None:
        """Cuts everything; gets that have not ended never will."""
        self._is_closed = True
        self._look.cancel()
        for task in self._connecting:
            task.cancel()
        for connection in [*self._free, *self._busy]:
            connection.abandon()

    async def _connect(self, get: Get) -> None:
        server = self._server
        try:
            async with asyncio.timeout(_CONNECT_S):
                _, connection = await self.loop.create_connection(
                    lambda: _Connection(self), server.host, server.port, ssl=server.tls
                )
        except (OSError, TimeoutError):  # ssl's errors are among them
            get.on_end(get, Answer.OTHER)
            return
        self._send(connection, get)

    def _send(self, connection: _Connection, get: Get) -> None:
        self._busy.add(connection)
        connection.begin(get, self.loop.time())

    def is_done_with(self, connection: _Connection, *, is_kept: bool) -> None:
        """Takes back a connection whose answer has ended."""
        self._busy.discard(connection)
        if is_kept and not self._is_closed:
            self._free.append(connection)

    def is_lost(self, connection: _Connection) -> None:
        """Forgets a connection that was closed."""
        self._busy.discard(connection)
        if connection in self._free:
            self._free.remove(connection)

    def _look_for_silent(self) -> None:
        """Cuts the connections that nothing comes from."""
        now = self.loop.time()
        for connection in [each for each in self._busy if now - each.heard > _SILENCE_S]:
            connection.abandon()
            connection.end(Answer.OTHER, is_kept=False)
        self._look = self.loop.call_later(_LOOK_S, self._look_for_silent)


class _Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, owner: Connections) -> None:
        self.heard = 0.0
        self._owner = owner
        self._loop = owner.loop
        self._get: Get | None = None
        self._head = b""
        self._is_last = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._owner.is_lost(self)
        self.end(Answer.OTHER, is_kept=False)

    def begin(self, get: Get, now: float) -> None:
        """Sends a request."""
        assert self._transport is not None
        self._get, self._head, self.heard = get, b"", now
        if self._transport.is_closing():  # cut since it was made
            self.end(Answer.OTHER, is_kept=False)
        else:
            self._transport.write(get.head)

    def abandon(self) -> None:
        """Cuts the connection."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        get = self._get
        if get is None:  # nobody has asked
            self.abandon()
            return
        self.heard = self._loop.time()
        try:
            read = self._read_head if get.missing < 0 else self._write
            answer = read(get, data)
        except OSError:  # of the disk; who tries again will say it
            answer = Answer.OTHER
        if answer is not None:
            self.end(answer, is_kept=answer is Answer.DONE and not self._is_last)

    def end(self, answer: Answer, *, is_kept: bool) -> None:
        """Tells how the answer has ended."""
        get, self._get = self._get, None
        if get is None:
            return
        if get.file is not None:
            get.file.close()
        if not is_kept:
            self.abandon()
        self._owner.is_done_with(self, is_kept=is_kept)
        get.on_end(get, answer)

    def _read_head(self, get: Get, data: bytes) -> Answer | None:
        """Reads the answer's head, and what has come of the body with it."""
        data = self._head + data
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._head = data
            return Answer.OTHER if len(data) > _MOST_HEAD else None
        status, headers = _parsed(data[:end])
        if status in {b"429", b"503"}:
            return Answer.THROTTLED
        if not _is_plain(status, headers, get):
            return Answer.OTHER
        is_old = data.startswith(b"HTTP/1.0")
        self._is_last = is_old or headers.get(b"connection", b"").lower() == b"close"
        get.missing = get.size
        # Unbuffered: a small file is one write.
        get.file = open(get.target, "wb", buffering=0)  # noqa: SIM115  it ends with the answer
        return self._write(get, data[end + 4 :])

    def _write(self, get: Get, data: bytes) -> Answer | None:
        assert get.file is not None
        get.missing -= len(data)
        if get.missing < 0:  # more than was announced
            return Answer.OTHER
        if data and get.file.write(data) != len(data):  # the disk is full
            return Answer.OTHER
        return None if get.missing else Answer.DONE


def _parsed(head: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    first, *lines = head.split(b"\r\n")
    pairs = (line.partition(b":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    version, _, rest = first.partition(b" ")
    return rest[:3] if version in {b"HTTP/1.1", b"HTTP/1.0"} else b"", headers


def _is_plain(status: bytes, headers: dict[bytes, bytes], get: Get) -> bool:
    """Whether an answer is what we can read: the whole file, as it was listed."""
    etag = headers.get(b"etag", b"").strip(b'"').decode("latin-1")
    return (
        status == b"200"
        and headers.get(b"content-length") == b"%d" % get.size
        and not {b"transfer-encoding", b"content-encoding"} & headers.keys()
        and (not get.etag or not etag or etag == get.etag)
    )
