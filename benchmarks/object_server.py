"""A store of objects that costs next to nothing: as much of S3's protocol as reading takes.

The files of a folder lie in memory, in one bucket that has any name. Each request is answered after
a delay, and any number of requests wait side by side. It checks no signature.

Run it as `python benchmarks/object_server.py data/W1/10000 --port 9000 --delay-ms 30`.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_HEAD = 'HTTP/1.1 {} OK\r\nContent-Length: {}\r\nETag: "{}"\r\nLast-Modified: {}\r\n\r\n'
_DATE = "Thu, 01 Jan 2026 00:00:00 GMT"
_PAGE = 1_000


class Bucket:
    """The objects, and the answers to requests for them."""

    def __init__(self, folder: Path) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        self.objects = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        self.keys = sorted(self.objects, key=str.encode)
        self.etags = {key: hashlib.md5(data).hexdigest() for key, data in self.objects.items()}

    def answer(self, method: str, target: str) -> bytes:
        """The whole answer to a request."""
        url = urlsplit(target)
        key = unquote(url.path).lstrip("/").partition("/")[2]
        query = parse_qs(url.query)
        if not key:
            return _respond(200, b"" if method == "HEAD" else self.listed(query), "")
        data = self.objects.get(key)
        if data is None:
            body = b"" if method == "HEAD" else b"<Error><Code>NoSuchKey</Code></Error>"
            return _respond(404, body, "")
        return _respond(200, data, self.etags[key], is_head=method == "HEAD")

    def listed(self, query: dict[str, list[str]]) -> bytes:
        """One page of a listing, as ListObjectsV2 says it."""
        prefix = query.get("prefix", [""])[0]
        after = query.get("continuation-token", [""])[0]
        most = int(query.get("max-keys", [str(_PAGE)])[0])
        delimiter = query.get("delimiter", [""])[0]
        keys = [key for key in self.keys if key.startswith(prefix) and key > after]
        folders: dict[str, None] = {}
        found: list[str] = []
        for key in keys[:most]:
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            if cut >= 0:
                folders[key[: cut + 1]] = None
            else:
                found.append(key)
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[key])}</Size>"
            f'<ETag>"{self.etags[key]}"</ETag>'
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for key in found
        )
        prefixes = "".join(
            f"<CommonPrefixes><Prefix>{escape(each)}</Prefix></CommonPrefixes>" for each in folders
        )
        is_cut = len(keys) > most
        more = f"<NextContinuationToken>{escape(keys[most - 1])}</NextContinuationToken>"
        return (
            '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Prefix>{escape(prefix)}</Prefix><KeyCount>{min(most, len(keys))}</KeyCount>"
            f"<IsTruncated>{str(is_cut).lower()}</IsTruncated>{more if is_cut else ''}"
            f"{contents}{prefixes}</ListBucketResult>"
        ).encode()


class Connection(asyncio.Protocol):
    """Answers the requests of one connection."""

    def __init__(self, bucket: Bucket, delay_s: float) -> None:
        self._bucket = bucket
        self._delay_s = delay_s
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the connection."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers whatever requests are whole."""
        *heads, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for head in heads:
            method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
            answer = self._bucket.answer(method, target)
            asyncio.get_running_loop().call_later(self._delay_s, self._send, answer)

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _respond(status: int, body: bytes, etag: str, *, is_head: bool = False) -> bytes:
    head = _HEAD.format(status, len(body), etag, _DATE).encode()
    return head if is_head else head + body


async def serve(bucket: Bucket, port: int, delay_s: float) -> None:
    """Serves until it is killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(bucket, delay_s), "127.0.0.1", port, backlog=1024
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    """Reads the folder and serves it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    given = parser.parse_args()
    asyncio.run(serve(Bucket(given.folder), given.port, given.delay_ms / 1000))


if __name__ == "__main__":
    main()
