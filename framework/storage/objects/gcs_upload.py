"""An object of Google Cloud Storage that is sent in pieces."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from framework.storage.objects.failures import ConditionError, ServiceError
from framework.storage.objects.gcs_client import Answer
from framework.storage.objects.service import Upload, split_key

if TYPE_CHECKING:
    from framework.storage.objects.gcs import GoogleObjects

TOKEN = "batchtoken"  # noqa: S105 - the name of a metadata key
IS_NEW = {"ifGenerationMatch": "0"}


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
            query={"uploadType": "resumable", "name": name, **(IS_NEW if is_new else {})},
            headers={"Content-Type": "application/json; charset=UTF-8"},
            body=json.dumps({"metadata": {TOKEN: token}}).encode(),
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
