"""Which stores take plain GETs for their files, and what those look like.

Nothing about endpoints, addressing styles or credentials is worked out again here: one file is read
by the store's own library, and the request that it sent is the pattern of all others. If our own
signature of that request differs from the library's, or anything is unusual, there are no plain
GETs, and the library does everything.
"""

from __future__ import annotations

import logging
import os
import re
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from framework.storage.gets import Requests, Server
from framework.storage.paths import checked_relative
from framework.storage.signing import Credentials, Pattern

logger = logging.getLogger(__name__)

_OF_S3 = frozenset({"s3", "s3a"})
_OF_THE_WEB = frozenset({"http", "https"})
_VERSION = "?versionId="
_PLAIN = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+")  # RFC 3986, without a fragment
_SENT = "before-send.s3.GetObject"


def requests_for(
    filesystem: Any, full: Callable[[str], str], path: str, scheme: str
) -> Requests | None:
    """The plain GETs for a store's files; `None` where its library has to do them.

    It may send a request, and wait for it.

    Args:
        filesystem: The fsspec file system.
        full: Makes its paths of paths in the store.
        path: A small file that should be there.
        scheme: The scheme of the store's URL.
    """
    if scheme in _OF_S3:
        return plain(lambda: S3Requests(filesystem, full, path), "S3")
    if scheme in _OF_THE_WEB:
        return plain(lambda: WebRequests(filesystem, full, path), "the web")
    return None


def plain(make: Callable[[], Requests], service: str) -> Requests | None:
    """What plain GETs look like, unless that can't be found out: the library then does it all.

    Args:
        make: Finds it out; may raise anything.
        service: Its name, for the log.
    """
    try:
        return make()
    except Exception as error:  # noqa: BLE001  libraries change inside, and raise their own
        logger.info("files of %s take its library: %s", service, type(error).__name__)
        return None


class S3Requests:
    """GETs for objects of one bucket.

    Args:
        filesystem: An `S3FileSystem`.
        full: Makes its paths of paths in the store.
        path: An object that is read to see how.

    Raises:
        ValueError: Its requests are unusual.
        Exception: The object can't be read.
    """

    def __init__(self, filesystem: Any, full: Callable[[str], str], path: str) -> None:
        self._filesystem = filesystem
        _bucket, key, _version = filesystem.split_path(full(path))
        if not key.endswith(path) or _VERSION in full(path):
            raise ValueError("the key is not made of the path")
        self._above = key.removesuffix(path)
        url, headers = _captured(filesystem, full(path))
        self._pattern = Pattern(url, headers, key)
        self._credentials: Credentials | None = None
        self.refresh()
        if not self._pattern.is_matched_by(self._credentials, key):
            raise ValueError("the signature differs from the library's")
        self.server = server_of(self._pattern.origin, _certificates(filesystem))
        self._at = (0, "")

    def head(self, path: str) -> bytes:
        """An object's whole request."""
        if _VERSION in path:
            raise ValueError("a version is asked for")
        # Raises; it is not normalised: to a store of objects `a//b` and `a/b` are two names.
        checked_relative(path.lstrip("/"))
        key = self._above + path
        return self._pattern.head(key, self._moment(), self._credentials)

    def refresh(self) -> None:
        """Takes the credentials that hold now; the library renews those that end."""
        if not self._pattern.is_signed:
            return
        from fsspec.asyn import sync

        found = self._filesystem.s3._get_credentials()
        frozen = sync(self._filesystem.loop, found.get_frozen_credentials)
        self._credentials = Credentials(
            access_key=frozen.access_key, secret_key=frozen.secret_key, token=frozen.token or ""
        )

    def _moment(self) -> str:
        second = int(time.time())
        if self._at[0] != second:
            self._at = (second, datetime.fromtimestamp(second, UTC).strftime("%Y%m%dT%H%M%SZ"))
        return self._at[1]


def _captured(filesystem: Any, full: str) -> tuple[str, dict[str, str]]:
    """The URL and the headers of the request that the library sends for an object."""
    seen: list[tuple[str, dict[str, Any]]] = []

    def look(request: Any, **_: Any) -> None:
        seen.append((request.url, dict(request.headers)))

    events = filesystem.s3.meta.events
    events.register_last(_SENT, look)
    try:
        filesystem.cat_file(full)
    finally:
        events.unregister(_SENT, look)
    url, headers = seen[-1]  # after whatever redirects there were
    return url, {
        name: value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for name, value in headers.items()
    }


def _certificates(filesystem: Any) -> str:
    """The authorities that S3's library trusts, where it has no other orders for the way."""
    config, verify = filesystem.s3.meta.config, filesystem.client_kwargs.get("verify")
    if config.proxies or config.client_cert or not (verify is None or isinstance(verify, str)):
        raise ValueError("proxies or certificates of its own")
    usual: str = import_module("botocore.httpsession").get_cert_path(True)
    return verify or os.environ.get("AWS_CA_BUNDLE") or usual


class WebRequests:
    """GETs for files of a web server that wants no login.

    Args:
        filesystem: fsspec's `HTTPFileSystem`.
        full: Makes its paths, which are addresses, of paths in the store.
        path: One of them.

    Raises:
        ValueError: Something unusual is to be sent.
    """

    def __init__(self, filesystem: Any, full: Callable[[str], str], path: str) -> None:
        if filesystem.kwargs or filesystem.client_kwargs:
            raise ValueError("requests have options of their own")
        self._full = full
        self._origin = _origin(full(path))
        self.server = server_of(self._origin, None)

    def head(self, path: str) -> bytes:
        """A file's whole request."""
        address = self._full(path)
        place = urlsplit(address)
        if _origin(address) != self._origin or not _PLAIN.fullmatch(address):
            raise ValueError("the address is not a plain one")
        query = f"?{place.query}" if place.query else ""
        return (
            f"GET {place.path or '/'}{query} HTTP/1.1\r\nhost:{place.netloc}\r\naccept:*/*\r\n"
            "accept-encoding:identity\r\n\r\n"
        ).encode("ascii")

    def refresh(self) -> None:
        """Nothing runs out."""


def server_of(origin: str, certificates: str | None) -> Server:
    """The server of `https://host:port`.

    Args:
        origin: The beginning of its addresses.
        certificates: A file of authorities to trust; the system's for `None`.

    Raises:
        ValueError: The way there leads through a proxy, or a login is part of it.
    """
    import ssl

    place = urlsplit(origin)
    host = place.hostname or ""
    if place.username or not host:
        raise ValueError("no plain address")
    if place.scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(host):
        raise ValueError("the way leads through a proxy")
    if place.scheme == "http":
        return Server(host=host, port=place.port or 80)
    tls = ssl.create_default_context(cafile=certificates)
    return Server(host=host, port=place.port or 443, tls=tls)


def _origin(address: str) -> str:
    place = urlsplit(address)
    return f"{place.scheme}://{place.netloc}"
