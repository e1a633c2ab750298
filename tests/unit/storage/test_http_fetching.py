"""Files of web servers as they are: compressing, without HEAD, redirecting, busy, forgetful."""

from __future__ import annotations

import gzip
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from framework.errors import InputError, StoreUnavailableError
from framework.storage import Fetcher, FetchError, open_input, open_store
from framework.storage.objects import retrying

BODY = b"The quick brown fox. " * 500


class Awkward(BaseHTTPRequestHandler):
    """Answers by the first part of the path."""

    protocol_version = "HTTP/1.1"
    asked: Counter[str]
    etag: list[str]

    def do_HEAD(self) -> None:
        self._answer(is_head=True)

    def do_GET(self) -> None:
        self._answer(is_head=False)

    def _answer(self, *, is_head: bool) -> None:
        way = self.path.split("/")[1]
        self.asked[f"{self.command} {way}"] += 1
        status, headers, body = getattr(self, f"_{way}")(is_head)
        self.send_response(status)
        if "Transfer-Encoding" not in headers:
            headers = {"Content-Length": str(len(body)), **headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if is_head:
            return
        if "Transfer-Encoding" in headers:
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        self.wfile.write(body)

    def _plain(self, is_head: bool) -> tuple[int, dict[str, str], bytes]:
        return 200, {"ETag": f'"{self.etag[0]}"'}, BODY

    def _zipped(self, is_head: bool) -> tuple[int, dict[str, str], bytes]:
        return 200, {"Content-Encoding": "gzip"}, gzip.compress(BODY)

    def _polite(self, is_head: bool) -> tuple[int, dict[str, str], bytes]:
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            return self._zipped(is_head)
        return 200, {}, BODY

    def _chunked(self, is_head: bool) -> tuple[int, dict[str, str], bytes]:
        return 200, {"Transfer-Encoding": "chunked"}, BODY

    def _headless(self, is_head: bool) -> tuple[int, dict[str, str], bytes]:
        return (405, {}, b"") if is_head else (200, {}, BODY)

    def _moved(self, is_head: bool) -> tuple[int, dict[str, str], bytes]:
        return 302, {"Location": "/plain/elsewhere"}, b""

    def _busy(self, is_head: bool) -> tuple[int, dict[str, str], bytes]:
        if self.asked["GET busy"] in {1, 2}:
            return 429, {"Retry-After": "1"}, b"later"
        return 200, {}, BODY

    def _forbidden(self, is_head: bool) -> tuple[int, dict[str, str], bytes]:
        return (200, {}, BODY) if is_head else (403, {}, b"no")

    def _closed(self, is_head: bool) -> tuple[int, dict[str, str], bytes]:
        return 401, {}, b""

    def _forgotten(self, is_head: bool) -> tuple[int, dict[str, str], bytes]:
        return (200, {}, BODY) if is_head else (404, {}, b"")

    def _broken(self, is_head: bool) -> tuple[int, dict[str, str], bytes]:
        return (200, {}, BODY) if is_head else (500, {}, b"")

    def log_message(self, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of connections that are cut at the end."""


@pytest.fixture
def handler() -> type[Awkward]:
    return type("Handler", (Awkward,), {"asked": Counter(), "etag": ["first"]})


@pytest.fixture
def site(handler: type[Awkward]) -> Iterator[str]:
    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path / "scratch"


def fetched(urls: list[str], scratch: Path) -> list[bytes]:
    listing = open_input(urls)
    fetcher = Fetcher(open_store(listing.root), scratch, max_bytes=1 << 20)
    try:
        fetcher.prefetch(0, list(listing.files()))
        return [Path(path).read_bytes() for path in fetcher.wait(0)]
    finally:
        fetcher.close()


@pytest.mark.parametrize(
    "way", ["plain", "zipped", "polite", "chunked", "headless", "moved", "busy"]
)
def test_a_file_comes_as_it_is(site: str, scratch: Path, way: str) -> None:
    assert fetched([f"{site}/{way}/file.txt"], scratch) == [BODY]


def test_a_list_of_addresses_of_one_server(site: str, scratch: Path, tmp_path: Path) -> None:
    listed = [f"{site}/{way}/a%20{number}.txt" for way in ("plain", "zipped") for number in (1, 2)]
    (tmp_path / "list.txt").write_text("\n".join(listed))
    assert fetched([f"@{tmp_path}/list.txt"], scratch) == [BODY] * 4


def test_two_small_files_take_a_plain_get_each(
    site: str, scratch: Path, handler: type[Awkward]
) -> None:
    listing = open_input([f"{site}/plain/1", f"{site}/plain/2"])
    files = list(listing.files())
    handler.asked.clear()
    fetcher = Fetcher(open_store(listing.root), scratch, max_bytes=1 << 20)
    fetcher.prefetch(0, files)
    fetcher.wait(0)
    fetcher.close()
    assert handler.asked == {"GET plain": 2}


def test_what_can_not_be_had_says_why_and_leaves_the_others(
    site: str, scratch: Path, handler: type[Awkward]
) -> None:
    listing = open_input([f"{site}/{way}/x" for way in ("plain", "forbidden", "forgotten")])
    files = list(listing.files())
    fetcher = Fetcher(open_store(listing.root), scratch, max_bytes=1 << 20)
    fetcher.prefetch(0, files)
    with pytest.raises(FetchError) as raised:
        fetcher.wait(0)
    assert list(raised.value.fetched) == ["plain/x"]
    assert raised.value.reasons["forgotten/x"] == "it is not there any more"
    assert "access denied (403" in raised.value.reasons["forbidden/x"]

    handler.etag[0] = "second"
    fetcher.prefetch(1, [file for file in files if file.path == "plain/x"])
    with pytest.raises(FetchError) as raised:
        fetcher.wait(1)
    changed = "it has changed since it was listed: its etag differs"
    assert raised.value.reasons == {"plain/x": changed}
    fetcher.close()


def test_a_file_that_always_fails_is_told_from_a_server_that_does(
    site: str, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "PATIENCE_S", 0.2)
    monkeypatch.setattr(retrying, "FIRST_PATIENCE_S", 0.2)
    listing = open_input([f"{site}/{way}/x" for way in ("plain", "broken")])
    broken, plain = listing.files()
    fetcher = Fetcher(open_store(listing.root), scratch, max_bytes=1 << 20)
    fetcher.prefetch(0, [plain])
    fetcher.wait(0)
    fetcher.prefetch(1, [broken])
    with pytest.raises(FetchError, match="the store failed \\(500") as raised:
        fetcher.wait(1)
    assert list(raised.value.reasons) == ["broken/x"]
    fetcher.close()

    alone = Fetcher(open_store(listing.root), scratch, max_bytes=1 << 20)
    alone.prefetch(0, [broken, broken._replace(path="broken/y")])
    with pytest.raises(StoreUnavailableError, match="the store failed \\(500"):
        alone.wait(0)
    with pytest.raises(StoreUnavailableError):
        alone.wait(0)
    alone.close()


def test_an_input_that_is_forbidden_is_not_called_absent(site: str) -> None:
    with pytest.raises(InputError, match="access denied"):
        open_input([f"{site}/closed/x"])
