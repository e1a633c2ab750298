"""A blob of many blocks."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from framework.storage.objects.failures import (
    CantCopyError,
    ConditionError,
    RangeError,
    ServiceError,
)
from framework.storage.objects.joining import Source
from framework.storage.objects.service import Upload, split_key

if TYPE_CHECKING:
    from framework.storage.objects.azure import AzureObjects

TOKEN = "batchtoken"  # noqa: S105 - the name of a metadata key
COPIED_BYTES = 256 << 20
"""What is copied as a blob, in one request."""


class AzureUpload(Upload):
    """Blocks that become a blob.

    Args:
        objects: The account.
        key: The blob's.
        token: For its metadata; also what tells our blocks from others' of that name.
        is_new: Whether it is to be created, not replaced.
    """

    def __init__(self, objects: AzureObjects, key: str, token: str, is_new: bool) -> None:
        self._objects = objects
        self._key = key
        self._token = token
        self._is_new = is_new
        self._numbers: set[int] = set()

    def add(self, number: int, data: bytes) -> None:
        """Sends a block."""
        name = self._id(number)
        self._objects.ask(
            lambda: self._objects.blob(self._key).stage_block(
                name, io.BytesIO(data), length=len(data)
            ),
            self._key,
        )
        self._numbers.add(number)

    def copy(self, number: int, source: Source) -> None:
        """Makes a block of a range of another blob."""

        async def copy_block() -> None:
            url, readable = await self._objects.client.readable(split_key(source.key))
            await self._objects.blob(self._key).stage_block_from_url(
                self._id(number), url, source.start, source.length, **readable
            )

        try:
            self._objects.ask(copy_block, self._key)
        except (ServiceError, FileNotFoundError, ConditionError, RangeError) as error:
            # The source can't be read in that way, or the service has none: Azurite hasn't.
            raise CantCopyError(str(error)) from error
        self._numbers.add(number)

    def finish(self, number: int, data: bytes) -> None:
        """Sends the last block, and makes the blob of all."""
        if data or not self._numbers:
            self.add(number, data)
        self.commit()

    def commit(self) -> None:
        """Makes the blob of all blocks."""

        async def commit_blocks() -> None:
            from azure.core import MatchConditions
            from azure.storage.blob import BlobBlock

            condition = {"match_condition": MatchConditions.IfMissing} if self._is_new else {}
            await self._objects.blob(self._key).commit_block_list(
                [BlobBlock(self._id(number)) for number in sorted(self._numbers)],
                metadata={TOKEN: self._token},
                **condition,
            )

        # A rival's commit of the same name drops our blocks.
        self._objects.create_by(commit_blocks, self._key, self._token)

    def abort(self) -> None:
        """Azure drops blocks that nobody commits."""

    def _id(self, number: int) -> str:
        return f"{self._token[:16]}-{number:08d}"
