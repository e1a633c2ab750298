"""The files that a job scores, and the order they come in."""

from __future__ import annotations

import os
from typing import NamedTuple


class InputFile(NamedTuple):
    """One file to score.

    A `NamedTuple`, not a dataclass: a job holds up to hundreds of millions of them, and this is
    made, pickled and compared several times faster.

    Attributes:
        path: Path below the input's root, with forward slashes.
        size: In bytes.
        etag: What changes when the file's content does: a store's etag, or mtime in nanoseconds.
    """

    path: str
    size: int
    etag: str = ""


def order_key(path: str) -> bytes:
    """The order of a listing: that of the UTF-8 bytes of the relative path.

    Names that are no UTF-8 keep their own bytes, so that the order is total on any file system.
    """
    return os.fsencode(path)
