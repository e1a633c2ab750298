"""A blob of many blocks."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

from framework.storage.objects.service import Upload, split_key

if TYPE_CHECKING:
    from framework.storage.objects.azure import AzureObjects

TOKEN = "batchtoken"  # noqa: S105 - the name of a metadata key
COPIED_BYTES = 256 << 20
"""What is copied in one request, as a blob or as a block of one."""

_COPIED_AT_ONCE = 8


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

    def copy(self, source: str, size: int) -> None:
        """Makes blocks of another blob's ranges."""
        starts = range(0, size, COPIED_BYTES)

        async def copy_all() -> None:
            url, readable = await self._objects.client.readable(split_key(source))
            blob, slots = self._objects.blob(self._key), asyncio.Semaphore(_COPIED_AT_ONCE)

            async def copy_one(number: int, start: int) -> None:
                length = min(COPIED_BYTES, size - start)
                async with slots:
                    await blob.stage_block_from_url(
                        self._id(number), url, start, length, **readable
                    )

            await asyncio.gather(*(copy_one(*each) for each in enumerate(starts, start=1)))

        self._objects.ask(copy_all, self._key)
        self._numbers.update(range(1, len(starts) + 1))

    def finish(self, number: int, data: bytes) -> None:
        """Sends the last block, and makes the blob of all."""
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
