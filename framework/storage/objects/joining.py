"""What an object is joined of: which bytes are sent, and which the service copies by itself.

Services want few and large pieces: Amazon S3 takes 10,000 parts of 5 MiB to 5 GiB (the last may be
smaller), Azure 50,000 blocks of up to 4,000 MiB, Google composes whole objects of one bucket:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
https://learn.microsoft.com/rest/api/storageservices/put-block-from-url
https://cloud.google.com/storage/docs/composite-objects
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

MOST_PIECES = 10_000
_LONGEST_COPIED = 2 << 30
_GROWS_AFTER = 4_000
_GROWS_EVERY = 500


class Source(NamedTuple):
    """A range of an object.

    Attributes:
        key: The object's.
        start: The first byte.
        length: In bytes.
        is_whole: Whether it is all of the object.
    """

    key: str
    start: int
    length: int
    is_whole: bool = False

    def part(self, start: int, length: int) -> Source:
        """Some of it, or all."""
        is_all = (start, length) == (self.start, self.length)
        return Source(self.key, start, length, self.is_whole and is_all)


class JoinLimits(NamedTuple):
    """What a service takes, and what is worth a request.

    Attributes:
        least_sent: The size, in bytes, of a piece that is sent, unless it is the last.
        least_copied: What is smaller is sent.
        most_copied: What is larger is copied piece by piece.
        takes_ranges: Whether a piece can be some of an object, and lie in another bucket.
    """

    least_sent: int
    least_copied: int
    most_copied: int
    takes_ranges: bool = True

    def at(self, number: int) -> JoinLimits:
        """The limits for a piece: they grow, so that no object has too many pieces."""
        scale = growth(number)
        return self._replace(
            least_sent=self.least_sent * scale,
            least_copied=self.least_copied * scale,
            most_copied=min(self.most_copied * scale, _LONGEST_COPIED),
        )


def growth(number: int) -> int:
    """How much larger a piece of this number is than the first: it doubles every 500 pieces."""
    return 1 << max(0, number - _GROWS_AFTER - 1) // _GROWS_EVERY


def bytes_to_send(source: Source, held: int, limits: JoinLimits) -> int:
    """How many of a range's first bytes are sent: all, where the rest isn't worth a copy.

    Args:
        source: The range.
        held: What stands before it and was not sent yet, in bytes: it may borrow from the range.
        limits: For the piece of what is held.
    """
    borrowed = max(0, limits.least_sent - held) if held else 0
    is_copied = source.length - borrowed >= limits.least_copied
    return borrowed if is_copied else source.length


def copied_pieces(source: Source, limits: JoinLimits, number: int) -> Iterator[Source]:
    """A range in the pieces that are copied, none too small.

    Args:
        source: The range.
        limits: Of the first of all pieces.
        number: The number of the range's first piece.
    """
    if not limits.takes_ranges:
        yield source
        return
    start, end = source.start, source.start + source.length
    while start < end:
        now, left = limits.at(number), end - start
        length = left if left <= now.most_copied else min(now.most_copied, (left + 1) // 2)
        yield source.part(start, length)
        start, number = start + length, number + 1
