"""Checksums of what is stored."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

_PIECE = 1 << 20


def sha256_of(stream: BinaryIO) -> str:
    """SHA-256, in hex, of what is left of a stream."""
    digest = hashlib.sha256()
    while piece := stream.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()
