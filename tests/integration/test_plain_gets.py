"""Small files of real servers come by one plain request each, whatever they are called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from framework.storage import Fetcher, FetchError, open_input, open_store
from tests.servers.objects import ObjectServer, azurite, s3_server
from tests.servers.proxy import proxy

NAMES = [
    "plain",
    "with space",
    "ümläut/ß",
    "a+b&c=d",
    "100%/%41",
    "#hash?query",
    "~tilde'()*!",
    "a:b",
]


@pytest.fixture(params=["s3", "azure"], scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[ObjectServer]:
    with (s3_server if request.param == "s3" else azurite)() as running:
        yield running


def test_each_small_file_takes_one_request(server: ObjectServer, tmp_path: Path) -> None:
    url, options = server.new_bucket()
    contents = {name: f"of {name}".encode() * place for place, name in enumerate(NAMES)}
    for name, content in contents.items():
        open_store(url, options).write(f"in put/{name}", content)
    with proxy(server.endpoint) as before:
        through = {url: server.options(before.url)}
        listing = open_input([f"{url}/in put"], options=through)
        files = list(listing.files())
        before.methods.clear()
        fetcher = Fetcher(open_store(listing.root, through), tmp_path / "s", max_bytes=1 << 20)
        fetcher.prefetch(0, files)
        paths = dict(zip([file.path for file in files], fetcher.wait(0), strict=True))
        # S3's library is watched while it reads one of them.
        assert before.methods["GET"] <= len(NAMES) + 1
        assert {name: Path(path).read_bytes() for name, path in paths.items()} == contents

        open_store(url, options).write(f"in put/{NAMES[1]}", contents[NAMES[1]][::-1])
        open_store(url, options).delete(f"in put/{NAMES[2]}")
        fetcher.prefetch(1, files)
        with pytest.raises(FetchError) as raised:
            fetcher.wait(1)
        assert raised.value.reasons == {
            NAMES[1]: "it has changed since it was listed: its etag differs",
            NAMES[2]: "it is not there any more",
        }
        fetcher.close()
