"""Objects in Google Cloud Storage, by its JSON interface.

Exclusive creation is a request with `ifGenerationMatch=0`, which uploads and rewrites take; a
rewrite copies within the service, of any size, and keeps the metadata:
https://cloud.google.com/storage/docs/request-preconditions
https://cloud.google.com/storage/docs/json_api/v1/objects/rewrite
Large objects are sent as a resumable upload, piece after piece:
https://cloud.google.com/storage/docs/performing-resumable-uploads
Listings come in the order of UTF-8 bytes:
https://cloud.google.com/storage/docs/listing-objects
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from framework.storage.objects.copying import delete_each
from framework.storage.objects.failures import ConditionError, RangeError, ServiceError
from framework.storage.objects.gcs_client import GoogleClient, place
from framework.storage.objects.gcs_join import GoogleJoin
from framework.storage.objects.gcs_upload import IS_NEW, TOKEN, GoogleUpload
from framework.storage.objects.joining import JoinLimits
from framework.storage.objects.service import (
    Head,
    Listed,
    ObjectService,
    Piece,
    Upload,
    split_key,
)


class GoogleObjects(ObjectService):
    """The buckets that some credentials open.

    Args:
        client: What the service is asked through.
    """

    limits = JoinLimits(least_sent=1, least_copied=1 << 20, most_copied=5 << 40, takes_ranges=False)

    def __init__(self, client: GoogleClient) -> None:
        self.joins = self.limits
        self.client = client

    @property
    def keeps_conditions(self) -> bool:
        """Whether it is Google's own."""
        return (urlsplit(self.client.endpoint).hostname or "").endswith("googleapis.com")

    def head(self, key: str) -> Head:
        """What there is to know of an object."""
        found = self.client.ask("GET", place(key), key).json()
        token = found.get("metadata", {}).get(TOKEN, "")
        return Head(int(found["size"]), str(found["generation"]), token)

    def get(self, key: str, start: int, length: int | None, etag: str = "") -> Piece:
        """A piece of an object."""
        if length == 0:
            head = self.head(key)
            return Piece(b"", head.size, head.etag)
        headers = {}
        if start or length is not None:
            last = "" if length is None else start + length - 1
            headers["Range"] = f"bytes={start}-{last}"
        query = {"alt": "media"} | ({"ifGenerationMatch": etag} if etag else {})
        try:
            found = self.client.ask(
                "GET", f"/download{place(key)}", key, query=query, headers=headers
            )
        except RangeError:
            head = self.head(key)
            return Piece(b"", head.size, head.etag)
        except ConditionError:
            raise _changed(key) from None
        generation = found.headers["X-Goog-Generation"]
        if etag and generation != etag:
            raise _changed(key)
        whole = found.headers.get("Content-Range", "").rpartition("/")[2]
        size = int(whole) if whole.isdecimal() else len(found.body)
        return Piece(found.body, size, generation)

    def put(self, key: str, data: bytes, token: str) -> None:
        """Writes or replaces an object."""
        self._send(key, data, token, {})

    def create(self, key: str, data: bytes, token: str) -> None:
        """Writes an object if there is none."""
        try:
            self._send(key, data, token, IS_NEW)
        except ConditionError:
            self.check_ours(key, token)

    def upload(self, key: str, token: str, *, is_new: bool) -> Upload:
        """Begins an object of many parts."""
        return GoogleUpload(self, key, token, is_new)

    def join(self, key: str, token: str, *, is_new: bool) -> Upload:
        """Begins an object that is composed."""
        return GoogleJoin(self, key, token, is_new)

    def copy_new(self, source: str, target: str, size: int, token: str) -> None:
        """Rewrites an object under another name, in as many steps as the service wants."""
        bucket, name = split_key(target)
        path = f"{place(source)}/rewriteTo/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}"
        query = dict(IS_NEW)
        try:
            while True:
                answer = self.client.ask("POST", path, source, query=query).json()
                if answer.get("done"):
                    return
                query["rewriteToken"] = answer["rewriteToken"]
        except ConditionError:
            self.check_ours(target, token)

    def delete(self, keys: Sequence[str]) -> None:
        """Removes objects, several at once."""
        delete_each(lambda key: self.client.ask("DELETE", place(key), key), keys)

    def pages(self, prefix: str, after: str = "") -> Iterator[list[Listed]]:
        """All objects whose keys begin with a prefix."""
        bucket, name = split_key(prefix)
        query = {"prefix": name, "fields": "nextPageToken,items(name,size,generation)"}
        if after:
            query["startOffset"] = split_key(after)[1]
        for found in self._listed(prefix, query):
            yield [
                Listed(f"{bucket}/{each['name']}", int(each["size"]), str(each["generation"]))
                for each in found.get("items", ())
                if f"{bucket}/{each['name']}" != after
            ]

    def children(self, prefix: str) -> Iterable[str]:
        """What follows a prefix, up to the next slash."""
        _, name = split_key(prefix)
        for found in self._listed(prefix, {"prefix": name, "delimiter": "/"}):
            for folder in found.get("prefixes", ()):
                yield folder[len(name) :]
            for each in found.get("items", ()):
                yield each["name"][len(name) :]

    def buckets(self) -> list[str]:
        """The names of all buckets of the project."""
        answer = self.client.ask("GET", "/storage/v1/b", "", query={"project": self.client.project})
        return [each["name"] for each in answer.json().get("items", ())]

    def _listed(self, prefix: str, query: Mapping[str, str]) -> Iterator[Any]:
        path = f"/storage/v1/b/{quote(split_key(prefix)[0], safe='')}/o"
        following: dict[str, str] = {}
        while True:
            found = self.client.ask("GET", path, prefix, query={**query, **following}).json()
            yield found
            if "nextPageToken" not in found:
                return
            following = {"pageToken": found["nextPageToken"]}

    def _send(self, key: str, data: bytes, token: str, condition: Mapping[str, str]) -> None:
        bucket, name = split_key(key)
        description = json.dumps({"name": name, "metadata": {TOKEN: token}})
        body = (
            b"--==0==\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"
            + description.encode()
            + b"\r\n--==0==\r\nContent-Type: application/octet-stream\r\n\r\n"
            + data
            + b"\r\n--==0==--"
        )
        self.client.ask(
            "POST",
            f"/upload/storage/v1/b/{quote(bucket, safe='')}/o",
            key,
            query={"uploadType": "multipart", **condition},
            headers={"Content-Type": 'multipart/related; boundary="==0=="'},
            body=body,
        )


def _changed(key: str) -> ServiceError:
    return ServiceError("the object has changed while it was read", key)
