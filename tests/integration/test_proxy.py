"""The test kit's own proxy: what it promises is what tests of faults rest on."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from tests.servers.proxy import FATES, Proxy, proxy

BODY = b"x" * 100_000


class Echo(BaseHTTPRequestHandler):
    """Answers with what was asked for, after what came before."""

    protocol_version = "HTTP/1.1"
    heard: list[tuple[str, str, bytes]]

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.heard.append((self.path, self.headers["Host"], body))
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    do_PUT = do_GET

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def heard() -> list[tuple[str, str, bytes]]:
    return []


@pytest.fixture
def behind(heard: list[tuple[str, str, bytes]]) -> Iterator[Proxy]:
    handler = type("Handler", (Echo,), {"heard": heard})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        with proxy(f"http://127.0.0.1:{server.server_address[1]}", seed=3) as running:
            yield running
        server.shutdown()
        thread.join()


def ask(proxied: Proxy, method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
    place = urlsplit(proxied.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    try:
        connection.request(method, "/a?b=c", body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_requests_pass_as_they_came(behind: Proxy, heard: list[tuple[str, str, bytes]]) -> None:
    assert ask(behind) == (200, BODY)
    assert ask(behind, "PUT", BODY) == (200, BODY)
    host = urlsplit(behind.url).netloc
    assert heard == [("/a?b=c", host, b""), ("/a?b=c", host, BODY)]
    assert behind.seen == {"passed": 2}
    assert behind.methods == {"GET": 1, "PUT": 1}


@pytest.mark.parametrize("fate", FATES)
def test_each_fate_fails_the_request(
    behind: Proxy, heard: list[tuple[str, str, bytes]], fate: str
) -> None:
    behind.faults.fail_share, behind.faults.fates = 1.0, (fate,)
    if fate.isdigit():
        assert ask(behind)[0] == int(fate)
    else:
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            ask(behind)
    assert bool(heard) == (fate in {"cut within", "cut after"})
    assert behind.seen == {fate: 1}


def test_a_proxy_that_is_gone_refuses_until_it_is_back(behind: Proxy) -> None:
    address = behind.url
    behind.gone()
    with pytest.raises(ConnectionError):
        ask(behind)
    behind.back()
    assert behind.url == address
    assert ask(behind) == (200, BODY)


def test_a_share_fails_by_the_seed_and_only_of_what_may(behind: Proxy) -> None:
    behind.faults.fail_share, behind.faults.fates = 0.3, ("503",)
    behind.faults.only = lambda method, path: method == "GET"
    assert {ask(behind, "PUT", b"x")[0] for _ in range(20)} == {200}
    statuses = [ask(behind)[0] for _ in range(40)]
    assert 200 in statuses
    assert 503 in statuses
