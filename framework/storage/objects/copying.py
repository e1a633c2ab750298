"""Many requests side by side: to copy an object in pieces, or to remove objects one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from framework.storage.objects.joining import JoinLimits, Source, copied_pieces
from framework.storage.objects.service import Upload

_COPIED_AT_ONCE = 8
_DELETED_AT_ONCE = 32


def copy_in_pieces(upload: Upload, source: Source, limits: JoinLimits) -> None:
    """Makes all parts of an upload of one object's ranges."""
    pieces = list(copied_pieces(source, limits, number=1))
    with ThreadPoolExecutor(min(len(pieces), _COPIED_AT_ONCE), "copy") as threads:
        list(threads.map(upload.copy, range(1, len(pieces) + 1), pieces))


def delete_each(delete: Callable[[str], object], keys: Sequence[str]) -> None:
    """Removes objects, several at once; it is no error if one isn't there."""

    def delete_one(key: str) -> None:
        try:
            delete(key)
        except FileNotFoundError:
            return

    if len(keys) == 1:
        delete_one(keys[0])
        return
    with ThreadPoolExecutor(_DELETED_AT_ONCE, "delete") as threads:
        list(threads.map(delete_one, keys))
