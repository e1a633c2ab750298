"""An object of many parts in S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.storage.objects.failures import (
    CantCopyError,
    ConditionError,
    NoUploadError,
    RangeError,
    ServiceError,
)
from framework.storage.objects.joining import Source
from framework.storage.objects.service import Upload, split_key

if TYPE_CHECKING:
    from framework.storage.objects.s3 import S3Objects

TOKEN = "batchtoken"  # noqa: S105 - the name of a metadata key


class S3Upload(Upload):
    """A multipart upload.

    Args:
        objects: The S3.
        key: The object's.
        token: For its metadata.
        is_new: Whether it is to be created, not replaced.
        begun: The id of one that was begun before; else it is begun now.
    """

    def __init__(
        self, objects: S3Objects, key: str, token: str, is_new: bool, begun: str = ""
    ) -> None:
        self._objects = objects
        self._key = key
        self._token = token
        self._is_new = is_new
        self._etags: dict[int, str] = {}
        self._id = begun or self._begin()

    def _begin(self) -> str:
        metadata = {TOKEN: self._token}
        begun = self._objects.ask("create_multipart_upload", self._key, Metadata=metadata)
        return str(begun["UploadId"])

    def add(self, number: int, data: bytes) -> None:
        """Sends a part."""
        sent = self._ask("upload_part", PartNumber=number, Body=data)
        self._etags[number] = sent["ETag"]

    def copy(self, number: int, source: Source) -> None:
        """Makes a part of a range of another object."""
        bucket, name = split_key(source.key)
        where = {
            "CopySource": {"Bucket": bucket, "Key": name},
            "CopySourceRange": f"bytes={source.start}-{source.start + source.length - 1}",
        }
        try:
            copied = self._ask("upload_part_copy", PartNumber=number, **where)
        except (ServiceError, FileNotFoundError, ConditionError, RangeError) as error:
            # Not all that speak like S3 have it (some fail at it), and not all policies allow it.
            raise CantCopyError(str(error)) from error
        self._etags[number] = copied["CopyPartResult"]["ETag"]

    def finish(self, number: int, data: bytes) -> None:
        """Sends the last part, and completes the upload."""
        if data or not self._etags:
            self.add(number, data)
        self.complete()

    def complete(self) -> None:
        """Makes the object of all parts."""
        parts = [{"PartNumber": each, "ETag": self._etags[each]} for each in sorted(self._etags)]
        condition = {"IfNoneMatch": "*"} if self._is_new else {}
        try:
            self._ask("complete_multipart_upload", MultipartUpload={"Parts": parts}, **condition)
        except (ConditionError, NoUploadError):
            # Also where an earlier request has completed it, and its answer was lost.
            self._objects.check_ours(self._key, self._token)

    def abort(self) -> None:
        """Gives the upload up."""
        try:
            self._ask("abort_multipart_upload")
        except (FileNotFoundError, NoUploadError):
            return

    def _ask(self, method: str, **arguments: Any) -> Any:
        return self._objects.ask(method, self._key, UploadId=self._id, **arguments)
