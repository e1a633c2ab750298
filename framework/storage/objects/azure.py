"""Objects in Azure Blob Storage, and in Azurite.

Exclusive creation is a request with `If-None-Match: *`, which Put Blob, Put Block List and Copy
Blob From URL take:
https://learn.microsoft.com/rest/api/storageservices/specifying-conditional-headers-for-blob-service-operations
Copy Blob From URL answers when all is copied, and takes up to 256 MiB; beyond that, Put Block From
URL makes blocks of ranges, and one Put Block List the blob of them:
https://learn.microsoft.com/rest/api/storageservices/copy-blob-from-url
https://learn.microsoft.com/rest/api/storageservices/put-block-from-url
Accounts with a hierarchical namespace list folder by folder, which is not the order of bytes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from framework.storage.direct import plain
from framework.storage.gets import Requests
from framework.storage.objects.azure_client import AzureClient
from framework.storage.objects.azure_failures import failure_of
from framework.storage.objects.azure_requests import AzureRequests
from framework.storage.objects.azure_upload import COPIED_BYTES, TOKEN, AzureUpload
from framework.storage.objects.copying import copy_in_pieces, delete_each
from framework.storage.objects.failures import (
    CantCopyError,
    ConditionError,
    PassingError,
    RangeError,
    ServiceError,
)
from framework.storage.objects.joining import JoinLimits, Source
from framework.storage.objects.retrying import Patience
from framework.storage.objects.service import (
    Head,
    Listed,
    ObjectService,
    Piece,
    Upload,
    split_key,
)

Answer = TypeVar("Answer")

_LISTED_AT_ONCE = 5_000
_SENT_WHOLE_BYTES = 1 << 20
"""More at once would hold up the event loop, as aiohttp warns: it is sent as a stream."""


class AzureObjects(ObjectService):
    """The blobs of an account.

    Args:
        client: What the account is asked through.
    """

    lists_in_order = False
    skips_ahead = False

    limits = JoinLimits(least_sent=1, least_copied=1 << 20, most_copied=64 << 20)

    def __init__(self, client: AzureClient) -> None:
        self.joins = self.limits
        self.client = client
        self._patience = Patience()

    def requests(self, full: Callable[[str], str], path: str) -> Requests | None:
        """What plain GETs for blobs look like."""
        return plain(lambda: AzureRequests(self.client, full, path), "Azure")

    def head(self, key: str) -> Head:
        """What there is to know of a blob."""

        async def ask() -> Head:
            found = await self.blob(key).get_blob_properties()
            return Head(found.size, _plain(found.etag), (found.metadata or {}).get(TOKEN, ""))

        return self.ask(ask, key)

    def get(self, key: str, start: int, length: int | None, etag: str = "") -> Piece:
        """A piece of a blob."""
        if length == 0:
            head = self.head(key)
            return Piece(b"", head.size, head.etag)

        async def ask() -> Piece:
            from azure.core import MatchConditions

            same = {"etag": f'"{etag}"', "match_condition": MatchConditions.IfNotModified}
            where = {"offset": start, "length": length} if start or length is not None else {}
            stream = await self.blob(key).download_blob(**where, **(same if etag else {}))
            data = await stream.readall()
            # Of a range, the properties tell the range's size.
            whole = (stream.properties.content_range or "").rpartition("/")[2]
            size = int(whole) if whole else len(data)
            return Piece(data, size, _plain(stream.properties.etag))

        try:
            return self.ask(ask, key)
        except RangeError:
            head = self.head(key)
            return Piece(b"", head.size, head.etag)
        except ConditionError:
            raise ServiceError("the blob has changed while it was read", key) from None

    def put(self, key: str, data: bytes, token: str) -> None:
        """Writes or replaces a blob."""
        if len(data) > _SENT_WHOLE_BYTES:
            AzureUpload(self, key, token, is_new=False).finish(1, data)
            return
        self.ask(
            lambda: self.blob(key).upload_blob(data, metadata={TOKEN: token}, overwrite=True), key
        )

    def create(self, key: str, data: bytes, token: str) -> None:
        """Writes a blob if there is none."""
        if len(data) > _SENT_WHOLE_BYTES:
            AzureUpload(self, key, token, is_new=True).finish(1, data)
            return
        self.create_by(
            lambda: self.blob(key).upload_blob(data, metadata={TOKEN: token}, overwrite=False),
            key,
            token,
        )

    def upload(self, key: str, token: str, *, is_new: bool) -> Upload:
        """Begins a blob of many blocks."""
        return AzureUpload(self, key, token, is_new)

    def copy_new(self, source: str, target: str, size: int, token: str) -> None:
        """Copies a blob within the account, under the condition."""

        async def copy() -> None:
            from azure.core import MatchConditions

            url, readable = await self.client.readable(split_key(source))
            await self.blob(target).start_copy_from_url(
                url,
                metadata={TOKEN: token},
                requires_sync=True,
                match_condition=MatchConditions.IfMissing,
                **readable,
            )

        try:
            if size <= COPIED_BYTES:
                self.create_by(copy, target, token)
            else:
                upload = AzureUpload(self, target, token, is_new=True)
                copy_in_pieces(upload, Source(source, 0, size), self.limits)
                upload.commit()
        except (ServiceError, FileNotFoundError, PassingError) as error:
            # The source can't be read in that way, or the service has none: Azurite's has not all.
            raise CantCopyError(str(error)) from error

    def delete(self, keys: Sequence[str]) -> None:
        """Removes blobs, several at once."""

        def delete(key: str) -> None:
            self.ask(lambda: self.blob(key).delete_blob(delete_snapshots="include"), key)

        delete_each(delete, keys)

    def pages(self, prefix: str, after: str = "") -> Iterator[list[Listed]]:
        """All blobs whose names begin with a prefix; the folders of a data lake are none."""
        container, name = split_key(prefix)
        pages = self._paged(
            lambda: self.client.container(container).list_blobs(
                name_starts_with=name or None,
                include=["metadata"],
                results_per_page=_LISTED_AT_ONCE,
            ),
            prefix,
        )
        for page in pages:
            yield [
                Listed(f"{container}/{each.name}", each.size or 0, _plain(each.etag))
                for each in page
                if not _is_folder(each)
            ]

    def children(self, prefix: str) -> Iterable[str]:
        """What follows a prefix, up to the next slash."""
        container, name = split_key(prefix)
        pages = self._paged(
            lambda: self.client.container(container).walk_blobs(
                name_starts_with=name or None, delimiter="/"
            ),
            prefix,
        )
        for page in pages:
            for each in page:
                yield each.name[len(name) :]

    def buckets(self) -> list[str]:
        """The names of all containers."""

        def listing() -> Any:
            return self.client.service.list_containers()

        pages = self._paged(listing, "")
        return [each.name for page in pages for each in page]

    def ask(self, request: Callable[[], Awaitable[Answer]], key: str) -> Answer:
        """One request, repeated for as long as it may succeed."""
        return self._patience.persistently(lambda: self._once(request, key))

    def create_by(self, request: Callable[[], Awaitable[Any]], key: str, token: str) -> None:
        """A request under the condition.

        Raises:
            FileExistsError: Somebody else's blob is there.
        """
        try:
            self.ask(request, key)
        except ConditionError:
            self.check_ours(key, token)

    def _once(self, request: Callable[[], Awaitable[Answer]], key: str) -> Answer:
        from fsspec.asyn import sync

        try:
            answer: Answer = sync(self.client.loop, request)
        except Exception as error:
            if getattr(error, "status_code", None):
                self._patience.is_answered = True
            if not self._patience.is_answered and self.client.goes_on_anonymously(error):
                return self._once(request, key)
            # Each library below has errors of its own; this is the boundary they end at.
            was_known = self._patience.is_answered
            raise failure_of(error, key, self.client, was_known=was_known) from error
        self._patience.is_answered = True
        return answer

    def _paged(self, listing: Callable[[], Any], prefix: str) -> Iterator[list[Any]]:
        following: str | None = None

        async def next_page() -> tuple[list[Any], str | None]:
            # A listing that failed goes on after the last page that came.
            pages = listing().by_page(continuation_token=following)
            page = [each async for each in await anext(pages)]
            return page, pages.continuation_token

        while True:
            page, following = self.ask(next_page, prefix)
            yield page
            if not following:
                return

    def blob(self, key: str) -> Any:
        """The client of a blob."""
        return self.client.blob(split_key(key))


def _is_folder(blob: Any) -> bool:
    """Accounts with a hierarchical namespace list folders as blobs that are marked."""
    return (blob.metadata or {}).get("hdi_isfolder") == "true"


def _plain(etag: str) -> str:
    return etag.strip('"')
