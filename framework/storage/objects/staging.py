"""A hidden object beside its final name, open for writing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, cast

from framework.storage.contract import FileRange, StagedFile
from framework.storage.objects.joining import Source
from framework.storage.objects.writing import ObjectWriter


class ObjectStagedFile(StagedFile):
    """A hidden object beside its final name.

    Args:
        path: Its path in the store.
        writer: What makes it.
        source_of: Where a file is for the same service; `None` for another's.

    Attributes:
        path: Its path in the store, to be given to `Store.commit`.
        stream: Where its bytes go.
    """

    def __init__(
        self,
        path: str,
        writer: ObjectWriter,
        source_of: Callable[[FileRange], Source | None],
    ) -> None:
        self.path = path
        self.stream = cast(BinaryIO, writer)
        self._writer = writer
        self._source_of = source_of

    def append(self, origin: FileRange, data: Iterable[bytes]) -> Iterator[bytes]:
        """Adds a range of another object, copied within the service where that is worth it."""
        source = self._source_of(origin)
        if source is None:
            return super().append(origin, data)
        return self._writer.append(source, data)
