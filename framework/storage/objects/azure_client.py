"""The connections to one Azure storage account, with the credentials that adlfs's options say."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from framework.errors import StorageError
from framework.storage.objects.azure_urls import AzurePlace

SETTINGS: Mapping[str, Any] = {
    # Ours are the only retries (see `retrying`): Azure's begin with a pause of 15 s.
    "retry_total": 0,
    "connection_timeout": 10,
    "read_timeout": 60,
}
_SCOPE = "https://storage.azure.com/.default"
_READABLE_FOR = timedelta(hours=6)


class AzureClient:
    """An account.

    Args:
        place: Where it is.
        filesystem: An adlfs file system made with the same options: it knows them, and what the
            environment says.

    Attributes:
        loop: Where requests run.
        service: The account's client.
        endpoint: Its address.
        is_signed: Whether a shared access signature is all that there is.
        is_anonymous: Whether there are no credentials.
    """

    def __init__(self, place: AzurePlace, filesystem: Any) -> None:
        self.loop = filesystem.loop
        self._filesystem = filesystem
        self._account_key = filesystem.account_key
        self._credential: Any = None
        self.is_signed = self.is_anonymous = False
        self.service = self._connected(place)
        self.endpoint = str(self.service.url).partition("?")[0].rstrip("/")
        weakref.finalize(self, _close, self.loop, self.service)

    def container(self, name: str) -> Any:
        """The client of a container."""
        return self.service.get_container_client(name)

    def blob(self, where: tuple[str, str]) -> Any:
        """The client of a blob, by its container and its name."""
        return self.service.get_blob_client(*where)

    def goes_on_anonymously(self, error: Exception) -> bool:
        """Whether a request shall be made again without credentials: there are none here.

        adlfs's default is the credential chain; a public container needs no credential.
        """
        from azure.core.exceptions import ClientAuthenticationError

        is_none = isinstance(error, ClientAuthenticationError) and error.status_code is None
        if not is_none or self._credential is None:
            return False
        self.service = _client(self.endpoint, None)
        self._credential, self.is_anonymous = None, True
        weakref.finalize(self, _close, self.loop, self.service)
        return True

    async def readable(self, where: tuple[str, str]) -> tuple[str, dict[str, str]]:
        """A blob's URL, and what else a copy from there needs to be allowed to read it."""
        blob = self.blob(where)
        if self._credential is not None:
            token = await self._credential.get_token(_SCOPE)
            return blob.url, {"source_authorization": f"Bearer {token.token}"}
        key = getattr(self.service.credential, "account_key", None)
        if key is None:
            return blob.url, {}
        from azure.storage.blob import generate_blob_sas

        signature = generate_blob_sas(
            self.service.account_name,
            *where,
            account_key=key,
            permission="r",
            expiry=datetime.now(UTC) + _READABLE_FOR,
        )
        return f"{blob.url}?{signature}", {}

    def token(self) -> str:
        """A token that holds now; empty where there is another credential, or none."""
        if self._credential is None:
            return ""
        from fsspec.asyn import sync

        return str(sync(self.loop, self._credential.get_token, _SCOPE).token)

    def readable_container(self, name: str) -> str:
        """What a URL of a container's blobs takes after the question mark, so that it is read."""
        key = getattr(self.service.credential, "account_key", None)
        if key is None:
            return str(self.service.url).partition("?")[2]
        from azure.storage.blob import generate_container_sas

        expiry = datetime.now(UTC) + _READABLE_FOR
        account = self.service.account_name
        signature = generate_container_sas(
            account, name, account_key=key, permission="r", expiry=expiry
        )
        return str(signature)

    def _connected(self, place: AzurePlace) -> Any:
        filesystem = self._filesystem
        signature = place.signature or (filesystem.sas_token or "").lstrip("?")
        if not place.signature and filesystem.connection_string:
            from azure.storage.blob.aio import BlobServiceClient

            return BlobServiceClient.from_connection_string(
                filesystem.connection_string, **SETTINGS
            )
        endpoint = place.endpoint or _endpoint_of(filesystem)
        if place.signature or (signature and not filesystem.account_key):
            self.is_signed = True
            return _client(endpoint, signature)
        if filesystem.account_key:
            from azure.core.credentials import AzureNamedKeyCredential

            name = place.account or filesystem.account_name
            return _client(endpoint, AzureNamedKeyCredential(name, filesystem.account_key))
        # A token is never sent over a line that others read.
        if filesystem.credential is None or endpoint.startswith("http://"):
            self.is_anonymous = True
            return _client(endpoint, None)
        if not isinstance(filesystem.credential, str):
            self._credential = filesystem.credential
        return _client(endpoint, filesystem.credential)


def _client(endpoint: str, credential: Any) -> Any:
    from azure.storage.blob.aio import BlobServiceClient

    return BlobServiceClient(endpoint, credential=credential, **SETTINGS)


def _endpoint_of(filesystem: Any) -> str:
    host = getattr(filesystem, "account_host", None)
    if not host and not filesystem.account_name:
        raise StorageError("no account is named: account_name in the datastore's options")
    return f"https://{host or f'{filesystem.account_name}.blob.core.windows.net'}"


def _close(loop: Any, client: Any) -> None:
    from fsspec.asyn import sync

    if loop.is_running():
        sync(loop, client.close)
