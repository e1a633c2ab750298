"""Plain GETs for blobs, allowed by a shared access signature, by a token, or for everybody."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlsplit

from framework.storage.direct import server_of
from framework.storage.objects.azure_client import AzureClient
from framework.storage.objects.service import split_key
from framework.storage.paths import checked_relative

_VERSION = "2021-12-02"


class AzureRequests:
    """GETs for blobs of one container.

    Args:
        client: The account.
        full: Makes keys of paths.
        path: A path in the container.

    Raises:
        ValueError: The way there is unusual.
    """

    def __init__(self, client: AzureClient, full: Callable[[str], str], path: str) -> None:
        self._client = client
        self._container, key = split_key(full(path))
        if not key.endswith(path):
            raise ValueError("the key is not made of the path")
        self._above = key.removesuffix(path)
        self._query = self._authorization = ""
        self.server = server_of(client.endpoint, None)
        self.refresh()

    def head(self, path: str) -> bytes:
        """A blob's whole request."""
        checked_relative(path.lstrip("/"))
        place = urlsplit(self._client.endpoint)
        target = f"{place.path.rstrip('/')}/{quote(f'{self._container}/{self._above}{path}')}"
        return (
            f"GET {target}{self._query} HTTP/1.1\r\nhost:{place.netloc}\r\n"
            f"accept-encoding:identity\r\nx-ms-version:{_VERSION}\r\n{self._authorization}\r\n"
        ).encode("latin-1")

    def refresh(self) -> None:
        """Makes a signature with the account's key, or takes a token that holds now."""
        token = self._client.token()
        self._authorization = f"authorization:Bearer {token}\r\n" if token else ""
        query = self._client.readable_container(self._container)
        self._query = f"?{query}" if query else ""
