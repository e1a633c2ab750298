"""Objects in Amazon S3, and in what speaks its language: MinIO, Ceph, R2 and others.

Exclusive creation is a request with `If-None-Match: *`, which S3 takes for PutObject and
CompleteMultipartUpload:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
Its answer 409 means that who wins is open: a PutObject is sent again, a multipart upload made anew.
Listings come in the order of UTF-8 bytes, but in directory buckets (`--x-s3`):
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlsplit

from framework.storage.direct import requests_for
from framework.storage.gets import Requests
from framework.storage.objects.copying import copy_in_pieces
from framework.storage.objects.failures import (
    ConditionError,
    PassingError,
    RangeError,
    ServiceError,
    UnavailableError,
)
from framework.storage.objects.joining import JoinLimits, Source
from framework.storage.objects.retrying import Patience
from framework.storage.objects.s3_failures import failure_of
from framework.storage.objects.s3_listing import read_listings_quickly
from framework.storage.objects.s3_upload import TOKEN, S3Upload
from framework.storage.objects.service import (
    Head,
    Listed,
    ObjectService,
    Piece,
    Upload,
    split_key,
)

_DELETED_AT_ONCE = 1_000
_CONNECTIONS = 64

_AMAZON = re.compile(r"(?:.*\.)?(?:amazonaws\.(?:com|com\.cn|eu)|api\.aws)")

SETTINGS: Mapping[str, Any] = {
    "connect_timeout": 10,
    "read_timeout": 60,
    "max_pool_connections": _CONNECTIONS,
    # Ours are the only retries (see `retrying`): two that know nothing of each other multiply.
    "retries": {"total_max_attempts": 1},
}
"""What botocore is told where the options don't."""


class S3Objects(ObjectService):
    """An S3.

    Args:
        filesystem: The s3fs file system that has the credentials and the connections.
    """

    limits = JoinLimits(least_sent=5 << 20, least_copied=5 << 20, most_copied=64 << 20)

    def __init__(self, filesystem: Any) -> None:
        self.joins = self.limits
        self._filesystem = filesystem
        self._patience = Patience()

    @cached_property
    def endpoint(self) -> str:
        """The address in use, which the environment or a profile may say, too."""

        async def connected() -> str:
            return str((await self._filesystem.set_session()).meta.endpoint_url)

        from fsspec.asyn import sync

        address: str = sync(self._filesystem.loop, connected)
        return address

    @cached_property
    def keeps_conditions(self) -> bool:
        """Whether it is Amazon's own."""
        return _AMAZON.fullmatch(urlsplit(self.endpoint).hostname or "") is not None

    def head(self, key: str) -> Head:
        """What there is to know of an object."""
        found = self.ask("head_object", key)
        token = found.get("Metadata", {}).get(TOKEN, "")
        return Head(int(found["ContentLength"]), _plain(found["ETag"]), token)

    def get(self, key: str, start: int, length: int | None, etag: str = "") -> Piece:
        """A piece of an object; where it is small, the first request brings it whole."""
        if length == 0:
            head = self.head(key)
            return Piece(b"", head.size, head.etag)
        condition = {"IfMatch": f'"{etag}"'} if etag else {}
        if start or length is not None:
            last = "" if length is None else start + length - 1
            condition["Range"] = f"bytes={start}-{last}"
        try:
            found = self.ask("get_object", key, **condition)
        except RangeError:
            head = self.head(key)
            return Piece(b"", head.size, head.etag)
        except ConditionError:
            raise ServiceError("the object has changed while it was read", key) from None
        data = found["Body"]
        whole = found.get("ContentRange", "").rpartition("/")[2]
        return Piece(data, int(whole) if whole else len(data), _plain(found["ETag"]))

    def put(self, key: str, data: bytes, token: str) -> None:
        """Writes or replaces an object."""
        self.ask("put_object", key, Body=data, Metadata={TOKEN: token})

    def create(self, key: str, data: bytes, token: str) -> None:
        """Writes an object if there is none."""
        try:
            self.ask("put_object", key, Body=data, Metadata={TOKEN: token}, IfNoneMatch="*")
        except ConditionError:
            self.check_ours(key, token)

    def upload(self, key: str, token: str, *, is_new: bool) -> Upload:
        """Begins an object of many parts."""
        return S3Upload(self, key, token, is_new)

    def give_up(self, key: str) -> None:
        """Aborts multipart uploads, whose parts are paid for until somebody does."""
        bucket, name = split_key(key)
        try:
            found = self.request("list_multipart_uploads", key, Bucket=bucket, Prefix=name)
            for each in found.get("Uploads", ()):
                if each["Key"] == name:
                    S3Upload(self, key, "", is_new=False, begun=each["UploadId"]).abort()
        except UnavailableError:
            raise
        except (FileNotFoundError, ServiceError):
            return  # not all that speak like S3 can do it, and not all policies allow it

    def copy_new(self, source: str, target: str, size: int, token: str) -> None:
        """Copies an object part by part within S3, completed under the condition."""
        upload = S3Upload(self, target, token, is_new=True)
        try:
            copy_in_pieces(upload, Source(source, 0, size), self.limits)
            upload.complete()
        except BaseException:
            # What made us give up is the error to tell; not all policies allow the rest.
            with suppress(ServiceError):
                upload.abort()
            raise

    def delete(self, keys: Sequence[str]) -> None:
        """Removes objects, many in one request."""
        for start in range(0, len(keys), _DELETED_AT_ONCE):
            some = keys[start : start + _DELETED_AT_ONCE]
            # What XML can't say has to be deleted by its address.
            alone = [key for key in some if len(some) == 1 or not key.isprintable()]
            for key in alone:
                try:
                    self.ask("delete_object", key)
                except FileNotFoundError:
                    continue
            together = [key for key in some if key not in set(alone)]
            if together:
                self._patience.persistently(partial(self._delete, together))

    def pages(self, prefix: str, after: str = "") -> Iterator[list[Listed]]:
        """All objects whose keys begin with a prefix."""
        bucket, name = split_key(prefix)
        where = {"Bucket": bucket, "Prefix": name}
        if after:
            where["StartAfter"] = split_key(after)[1]
        for found in self._listed(where, prefix):
            yield [
                Listed(f"{bucket}/{each['Key']}", int(each["Size"]), _plain(each.get("ETag", "")))
                for each in found.get("Contents", ())
            ]

    def children(self, prefix: str) -> Iterable[str]:
        """What follows a prefix, up to the next slash."""
        bucket, name = split_key(prefix)
        for found in self._listed({"Bucket": bucket, "Prefix": name, "Delimiter": "/"}, prefix):
            for each in found.get("CommonPrefixes", ()):
                yield each["Prefix"][len(name) :]
            for each in found.get("Contents", ()):
                yield each["Key"][len(name) :]

    def buckets(self) -> list[str]:
        """The names of all buckets."""
        return [each["Name"] for each in self.request("list_buckets", "").get("Buckets", ())]

    def requests(self, full: Callable[[str], str], path: str) -> Requests | None:
        """What plain GETs for objects look like."""
        return requests_for(self._filesystem, full, path, "s3")

    def ask(self, method: str, key: str, **arguments: Any) -> Any:
        """One request about one object, repeated for as long as it may succeed."""
        bucket, name = split_key(key)
        return self.request(method, key, Bucket=bucket, Key=name, **arguments)

    def request(self, method: str, key: str, **arguments: Any) -> Any:
        """One request of any kind, repeated for as long as it may succeed."""
        return self._patience.persistently(lambda: self._once(method, key, arguments))

    def _listed(self, where: Mapping[str, str], prefix: str) -> Iterator[Any]:
        following: dict[str, str] = {}
        while True:
            try:
                found = self.request("list_objects_v2", prefix, **where, **following)
            except FileNotFoundError:
                return
            yield found
            if not found.get("IsTruncated"):
                return
            following = {"ContinuationToken": found["NextContinuationToken"]}

    def _delete(self, keys: Sequence[str]) -> None:
        bucket = split_key(keys[0])[0]
        objects = [{"Key": split_key(key)[1]} for key in keys]
        found = self._once(
            "delete_objects",
            keys[0],
            {"Bucket": bucket, "Delete": {"Objects": objects, "Quiet": True}},
        )
        for each in found.get("Errors", ()):
            key = f"{bucket}/{each['Key']}"
            if each.get("Code") in {"InternalError", "SlowDown", "ServiceUnavailable"}:
                raise PassingError(f"the store failed ({each['Code']})", key)
            raise ServiceError(f"deleting was refused ({each.get('Code', 'no reason')})", key)

    def _once(self, method: str, key: str, arguments: Mapping[str, Any]) -> Any:
        from fsspec.asyn import sync

        try:
            answer = sync(self._filesystem.loop, self._call, method, arguments)
        except Exception as error:
            if getattr(error, "response", None):
                self._patience.is_answered = True
            # Each library below s3fs has errors of its own; this is the boundary they end at.
            endpoint = getattr(getattr(self._filesystem._s3, "meta", None), "endpoint_url", "")
            raise failure_of(error, method, key, endpoint) from error
        self._patience.is_answered = True
        return answer

    async def _call(self, method: str, arguments: Mapping[str, Any]) -> Any:
        filesystem = self._filesystem
        await filesystem.set_session()
        client = await filesystem.get_s3(arguments.get("Bucket"))
        read_listings_quickly(client)
        ask = getattr(client, method)
        answer = await ask(**filesystem._get_s3_method_kwargs(ask, arguments))
        if method == "get_object":
            async with answer["Body"] as body:
                answer["Body"] = await body.read()
        return answer


def _plain(etag: str) -> str:
    return etag.strip('"')
