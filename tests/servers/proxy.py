"""An HTTP proxy in front of a test's server: it delays, fails, cuts and refuses requests."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

FATES = ("500", "503", "cut before", "cut within", "cut after")
"""How a request can fail: answered with an error in place of the target; or the connection is cut
before the target has heard of it, within its answer, or once the target has done it."""

_MOST_HEAD = 1 << 20
_PIECE = 1 << 16


@dataclass(kw_only=True)
class Faults:
    """What happens to requests; may be changed at any time.

    Attributes:
        delay_s: Added to each request. Requests of several connections wait side by side.
        fail_share: The share of requests that fail.
        fates: How those fail, each as likely as the others.
        slow_share: The share of requests that are delayed by `slow_s` more.
        slow_s: By how much.
        only: Which requests may fail or be slow, by method and path; all by default.
    """

    delay_s: float = 0.0
    fail_share: float = 0.0
    fates: tuple[str, ...] = FATES
    slow_share: float = 0.0
    slow_s: float = 2.0
    only: Callable[[str, str], bool] = field(default=lambda method, path: True)


class Proxy:
    """A running proxy.

    It passes everything on as it came, `Host` included: a request's signature stays valid.

    Attributes:
        url: Its address, to be used in place of the target's.
        faults: What happens to requests.
        seen: How many requests there were, by what became of them: `passed`, `slow`, a fate.
        methods: How many there were by method.
        heads: Their first lines and headers, where a test has put a list here.
    """

    def __init__(self, target: str, faults: Faults, seed: int) -> None:
        place = urlsplit(target)
        self._host, self._port = place.hostname or "127.0.0.1", place.port or 80
        self._path = place.path.rstrip("/")
        self._random = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._return: asyncio.TimerHandle | None = None
        self._counted = threading.Condition()
        self._own_port = 0
        self.faults = faults
        self.seen: Counter[str] = Counter()
        self.methods: Counter[str] = Counter()
        self.heads: list[bytes] | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._own_port}{self._path}"

    @property
    def requests(self) -> int:
        """How many requests there were."""
        return sum(self.methods.values())

    def wait_for_requests(self, count: int, timeout_s: float = 60.0) -> None:
        """Returns once there were this many requests."""
        with self._counted:
            assert self._counted.wait_for(lambda: self.requests >= count, timeout_s)

    def gone(self, for_s: float | None = None) -> None:
        """Cuts all connections and refuses new ones: for some seconds, or until `back`."""
        self._call(self._leave(for_s))

    def back(self) -> None:
        """Takes connections again."""
        self._call(self._listen())

    def start(self) -> None:
        self._thread.start()
        self._call(self._listen())

    def close(self) -> None:
        self._call(self._leave(None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine: object) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)  # type: ignore[arg-type]

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(
                self._accept, "127.0.0.1", self._own_port, limit=_MOST_HEAD, backlog=1024
            )
            self._own_port = self._server.sockets[0].getsockname()[1]

    async def _leave(self, for_s: float | None) -> None:
        if self._return is not None:
            self._return.cancel()
        if self._server is not None:
            self._server.close()
            self._server = None
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for writer in list(self._open):
            writer.transport.abort()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if for_s is not None:
            self._return = self._loop.call_later(
                for_s, lambda: self._loop.create_task(self._listen())
            )

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            try:
                await _Connection(self, reader, writer).serve()
            finally:
                writer.transport.abort()
                self._open.discard(writer)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the target."""
        reader, writer = await asyncio.open_connection(self._host, self._port, limit=_MOST_HEAD)
        self._open.add(writer)
        return reader, writer

    def hold(self, writer: asyncio.StreamWriter) -> None:
        """Notes a connection, which is to be cut when the proxy is gone."""
        self._open.add(writer)

    def decide(self, head: bytes) -> tuple[str, float]:
        """What becomes of a request, and after how many seconds."""
        method, path = head.split(b" ", 2)[:2]
        faults, fate, delay_s = self.faults, "passed", self.faults.delay_s
        if faults.only(method.decode(), path.decode("latin-1")):
            if self._random.random() < faults.slow_share:
                fate, delay_s = "slow", delay_s + faults.slow_s
            if self._random.random() < faults.fail_share:
                fate = self._random.choice(faults.fates)
        with self._counted:
            self.seen[fate] += 1
            self.methods[method.decode()] += 1
            if self.heads is not None:
                self.heads.append(head)
            self._counted.notify_all()
        return fate, delay_s


class _Connection:
    """A client's connection, and its own one to the target."""

    def __init__(
        self, owner: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._owner = owner
        self._reader = reader
        self._writer = writer
        self._to: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._is_cut = False
        owner.hold(writer)

    async def serve(self) -> None:
        """Passes requests on, one after the other, until somebody closes."""
        try:
            while head := await _read_head(self._reader):
                fate, delay_s = self._owner.decide(head)
                if delay_s:
                    await asyncio.sleep(delay_s)
                self._is_cut = fate in {"cut before", "cut after"}
                if fate == "cut before" or not await self._pass(head, fate):
                    break
            if not self._is_cut:
                await self._close()
        finally:
            if self._to is not None:
                self._to[1].transport.abort()

    async def _close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def _pass(self, head: bytes, fate: str) -> bool:
        """Passes one request on; false if that was the last one of the connection."""
        if fate in {"500", "503"}:
            await _answer(self._reader, self._writer, head, int(fate))
            return False
        if self._to is None:
            self._to = await self._owner.connect()
        reader, writer = self._to
        writer.write(head)
        body = asyncio.create_task(_pass_body(self._reader, writer, head))
        try:
            return await self._pass_answer(reader, head, fate)
        finally:
            body.cancel()
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await body

    async def _pass_answer(self, reader: asyncio.StreamReader, head: bytes, fate: str) -> bool:
        answer = await _read_head(reader)
        while answer.startswith(b"HTTP/1.1 1"):  # 100 Continue: the answer comes after it
            self._writer.write(answer)
            answer = await _read_head(reader)
        if not answer:
            return False
        if fate == "cut after":
            return False
        if fate == "cut within":
            self._writer.write(answer[: len(answer) // 2 if head.startswith(b"HEAD") else None])
            if not head.startswith(b"HEAD"):
                self._writer.write(await reader.read(max(1, _length(answer) // 2)))
            return False
        self._writer.write(answer)
        status = answer.split(b" ", 2)[1]
        if not head.startswith(b"HEAD") and status not in {b"204", b"304"}:
            await _pass_body(reader, self._writer, answer, to_end=True)
        await self._writer.drain()
        lower = answer.lower()
        return b"\r\nconnection: close" not in lower and not answer.startswith(b"HTTP/1.0")


async def _read_head(reader: asyncio.StreamReader) -> bytes:
    """The first line and the headers; nothing where the other end has closed."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


def _length(head: bytes) -> int:
    """How long the body is; -1 where that is not said."""
    lower = head.lower()
    at = lower.find(b"\r\ncontent-length:")
    return int(lower[at + 17 : lower.index(b"\r\n", at + 2)]) if at >= 0 else -1


async def _pass_body(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes, *, to_end: bool = False
) -> None:
    """Passes a body on, as it comes; one without a length goes to the end, if any may."""
    if b"\r\ntransfer-encoding: chunked" in head.lower():
        await _pass_chunks(reader, writer)
        return
    missing = _length(head)
    while missing > 0 or (missing < 0 and to_end):
        piece = await reader.read(min(missing, _PIECE) if missing > 0 else _PIECE)
        if not piece:
            return
        missing -= len(piece) if missing > 0 else 0
        writer.write(piece)
        await writer.drain()


async def _pass_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    size = 1
    while size:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        writer.write(line + await reader.readexactly(size + 2))
        await writer.drain()


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes, status: int
) -> None:
    """Answers in place of the target, as S3 says it, and closes."""
    code = {500: "InternalError", 503: "SlowDown"}[status]
    body = f"<Error><Code>{code}</Code><Message>the test's proxy failed it</Message></Error>"
    if b"\r\nexpect: 100-continue" not in head.lower():
        missing = max(0, _length(head))
        while missing and (piece := await reader.read(min(missing, _PIECE))):
            missing -= len(piece)
    writer.write(
        f"HTTP/1.1 {status} {code}\r\nContent-Type: application/xml\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        f"{'' if head.startswith(b'HEAD') else body}".encode()
    )


@contextmanager
def proxy(target: str, *, seed: int = 0, **faults: object) -> Iterator[Proxy]:
    """A proxy in front of a server, in a thread of its own.

    Args:
        target: The server's address, such as `http://127.0.0.1:5000`.
        seed: What decides which requests fail.
        faults: As in `Faults`.
    """
    running = Proxy(target, Faults(**faults), seed)  # type: ignore[arg-type]
    running.start()
    try:
        yield running
    finally:
        running.close()
