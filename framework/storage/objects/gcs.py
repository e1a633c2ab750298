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
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, urlsplit

from framework.storage.objects.failures import ConditionError, RangeError, ServiceError
from framework.storage.objects.gcs_client import Answer, GoogleClient
from framework.storage.objects.service import (
    Head,
    Listed,
    ObjectService,
    Piece,
    Upload,
    split_key,
)

_TOKEN = "batchtoken"  # noqa: S105 - the name of a metadata key
_DELETED_AT_ONCE = 32
_IS_NEW = {"ifGenerationMatch": "0"}


class GoogleObjects(ObjectService):
    """The buckets that some credentials open.

    Args:
        client: What the service is asked through.
    """

    def __init__(self, client: GoogleClient) -> None:
        self.client = client

    @property
    def keeps_conditions(self) -> bool:
        """Whether it is Google's own."""
        return (urlsplit(self.client.endpoint).hostname or "").endswith("googleapis.com")

    def head(self, key: str) -> Head:
        """What there is to know of an object."""
        found = self.client.ask("GET", _place(key), key).json()
        token = found.get("metadata", {}).get(_TOKEN, "")
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
                "GET", f"/download{_place(key)}", key, query=query, headers=headers
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
            self._send(key, data, token, _IS_NEW)
        except ConditionError:
            self.check_ours(key, token)

    def upload(self, key: str, token: str, *, is_new: bool) -> Upload:
        """Begins an object of many parts."""
        return GoogleUpload(self, key, token, is_new)

    def copy_new(self, source: str, target: str, size: int, token: str) -> None:
        """Rewrites an object under another name, in as many steps as the service wants."""
        bucket, name = split_key(target)
        path = f"{_place(source)}/rewriteTo/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}"
        query = dict(_IS_NEW)
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

        def delete(key: str) -> None:
            try:
                self.client.ask("DELETE", _place(key), key)
            except FileNotFoundError:
                return

        if len(keys) == 1:
            delete(keys[0])
            return
        with ThreadPoolExecutor(_DELETED_AT_ONCE, "delete") as threads:
            list(threads.map(delete, keys))

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

    def check_ours(self, key: str, token: str) -> None:
        """After a refusal: whether it was our own earlier request, whose answer was lost.

        Raises:
            FileExistsError: Somebody else's object is there.
        """
        try:
            if self.head(key).token == token:
                return
        except FileNotFoundError:
            pass  # gone again; it was there
        raise FileExistsError(key)

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
        description = json.dumps({"name": name, "metadata": {_TOKEN: token}})
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


class GoogleUpload(Upload):
    """A resumable upload: pieces one after the other.

    Args:
        objects: The service.
        key: The object's.
        token: For its metadata.
        is_new: Whether it is to be created, not replaced.
    """

    is_in_order = True

    def __init__(self, objects: GoogleObjects, key: str, token: str, is_new: bool) -> None:
        bucket, name = split_key(key)
        self._objects = objects
        self._key = key
        self._token = token
        self._sent = 0
        begun = objects.client.ask(
            "POST",
            f"/upload/storage/v1/b/{quote(bucket, safe='')}/o",
            key,
            query={"uploadType": "resumable", "name": name, **(_IS_NEW if is_new else {})},
            headers={"Content-Type": "application/json; charset=UTF-8"},
            body=json.dumps({"metadata": {_TOKEN: token}}).encode(),
        )
        self._session = begun.headers["Location"]

    def add(self, number: int, data: bytes) -> None:
        """Sends a piece."""
        self._objects.client.persistently(lambda: self._continue(data, is_last=False))
        self._sent += len(data)

    def finish(self, number: int, data: bytes) -> None:
        """Sends the last piece."""
        try:
            self._objects.client.persistently(lambda: self._continue(data, is_last=True))
        except (ConditionError, FileNotFoundError):
            self._objects.check_ours(self._key, self._token)

    def abort(self) -> None:
        """Gives the upload up."""
        try:
            self._objects.client.ask("DELETE", self._session, self._key)
        except (FileNotFoundError, ServiceError):
            return  # it ends by itself after a week

    def _continue(self, data: bytes, *, is_last: bool) -> None:
        """Sends what the service does not have yet of a piece: an earlier try may have come."""
        end = self._sent + len(data)
        total = str(end) if is_last else "*"
        known = self._sent
        while known < end or is_last:
            span = f"{known}-{end - 1}" if known < end else "*"
            answer = self._objects.client.once(
                "PUT",
                self._session,
                self._key,
                headers={"Content-Range": f"bytes {span}/{total}"},
                body=data[known - self._sent :],
            )
            if answer.status != 308:
                return
            known = max(known, _persisted(answer))
            if known == end and not is_last:
                return


def _persisted(answer: Answer) -> int:
    last = answer.headers.get("Range", "").rpartition("-")[2]
    return int(last) + 1 if last else 0


def _place(key: str) -> str:
    bucket, name = split_key(key)
    return f"/storage/v1/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}"


def _changed(key: str) -> ServiceError:
    return ServiceError("the object has changed while it was read", key)
