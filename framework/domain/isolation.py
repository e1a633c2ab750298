"""Isolation: which files of a failing mini-batch are scored together next, to find the bad ones.

A piece is some files of the mini-batch that go into one scoring call. A failing piece is halved. Of
two halves the first that fails waits for the other: where both fail, and it was the same one level
above, much is bad, and all their files go one by one. So do those of a piece that hung: each call
that hangs costs the whole timeout, however few files it has. How often that calls is in
docs/decisions/0021-*.md; it is group testing, as Dorfman (1943) and Hwang (1972) have it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise

from framework.domain.outcomes import CallLimit, FailureKind

_MOST_DOUBLES = 2
_KILLERS = frozenset({FailureKind.CRASH, FailureKind.MEMORY})


class Verdict(Enum):
    """What follows from a failed scoring call."""

    AGAIN = "the same files again, in any process"
    AGAIN_FRESH = "the same files again, first of all in a fresh process"
    SPLIT = "fewer files a call"
    FAIL = "the files have failed"


def judge(
    kind: FailureKind,
    *,
    files: int,
    tries: int,
    max_tries: int,
    is_trial: bool,
    was_fresh: bool,
    isolates: bool,
) -> Verdict:
    """What follows from a failed call.

    Args:
        kind: What went wrong.
        files: How many files the call had.
        tries: Calls made for just these files, this one included.
        max_tries: Most calls for the files of a mini-batch before it is split.
        is_trial: Whether they are a part of a split mini-batch; that gets one try.
        was_fresh: Whether it was the first call of its process. What an earlier call has left
            behind, a leak or a damaged heap, is blamed on no file.
        isolates: Whether a mini-batch whose tries are used up is split. One that ran out of
            memory is split anyway, and at once.
    """
    is_single = files == 1
    if kind is FailureKind.FETCH:
        return Verdict.FAIL
    if kind is FailureKind.MEMORY and not is_single and (was_fresh or is_trial):
        return Verdict.SPLIT
    if kind in _KILLERS and not was_fresh and (is_single or kind is FailureKind.MEMORY):
        return Verdict.AGAIN_FRESH
    if not is_trial and tries < max_tries:
        return Verdict.AGAIN_FRESH if kind in _KILLERS else Verdict.AGAIN
    return Verdict.SPLIT if isolates and not is_single else Verdict.FAIL


@dataclass(slots=True, eq=False)
class Piece:
    """Files of a mini-batch that go into one scoring call.

    Attributes:
        places: Their places in the mini-batch, ascending.
        is_trial: Whether it came of splitting; such a piece gets one try.
        calls: Calls that its files were in before.
    """

    places: tuple[int, ...]
    is_trial: bool = True
    calls: int = 0
    _pair: _Pair | None = None
    _doubles: int = 0


@dataclass(slots=True, eq=False)
class _Pair:
    """Two halves: how many are still out, and the failed one that waits for the other."""

    out: int = 2
    failed: int = 0
    waiting: list[Piece] = field(default_factory=list)


class Isolation:
    """Takes one mini-batch apart. Pieces may end in any order; none is given out twice.

    The one who scores says of each piece how it ended, and gets the pieces to score next.

    Attributes:
        failed: Places of files that have failed for good.
    """

    def __init__(self) -> None:
        self.failed: set[int] = set()
        self._open = 0
        self._too_large: list[tuple[int, ...]] = []

    @property
    def is_complete(self) -> bool:
        """Whether every piece has succeeded or failed for good."""
        return not self._open

    def begin(
        self, places: Collection[int], *, most: int | None = None, is_trial: bool = False
    ) -> list[Piece]:
        """Pieces of at most `most` files, of about the same size; one piece for `None`."""
        ordered = tuple(sorted(places))
        if not ordered:
            return []
        count = 1 if most is None else -(-len(ordered) // most)
        edges = [len(ordered) * place // count for place in range(count + 1)]
        return self._out(
            Piece(ordered[start:stop], is_trial=is_trial) for start, stop in pairwise(edges)
        )

    def succeed(self, piece: Piece) -> list[Piece]:
        """The piece's files are done with."""
        self._open -= 1
        return self._settle(piece, has_failed=False)

    def fail(self, piece: Piece) -> list[Piece]:
        """The piece's files have failed for good."""
        self._open -= 1
        self.failed.update(piece.places)
        return self._settle(piece, has_failed=True)

    def split(self, piece: Piece, kind: FailureKind, calls: int) -> list[Piece]:
        """The piece has failed in `calls` calls, and has more than one file."""
        piece.calls += calls
        if kind is FailureKind.MEMORY:
            self._too_large.append(piece.places)
        released = self._settle(piece, has_failed=True, waits=kind is not FailureKind.TIMEOUT)
        if kind is FailureKind.TIMEOUT:
            return [*self._singles(piece), *released]
        return released

    def scatter(self, piece: Piece, calls: int) -> list[Piece]:
        """The piece's files go one by one, though they have not failed."""
        piece.calls += calls
        released = self._settle(piece, has_failed=False)
        return [*self._singles(piece), *released]

    @property
    def learnt(self) -> CallLimit | None:
        """How many files are not too many for memory, where their number was what mattered.

        Where a file of those that were too many has failed alone, it was that file.
        """
        sizes = [len(each) for each in self._too_large if self.failed.isdisjoint(each)]
        return CallLimit(-(-min(sizes) // 2), min(sizes)) if sizes else None

    def _settle(self, piece: Piece, *, has_failed: bool, waits: bool = False) -> list[Piece]:
        """Notes how a piece went; returns what is split now that this is known."""
        pair = piece._pair
        if pair is None:
            return self._halves(piece, piece._doubles) if waits else []
        pair.out -= 1
        pair.failed += has_failed
        if waits:
            pair.waiting.append(piece)
        if pair.out:
            return []
        return [
            new
            for each in pair.waiting
            for new in self._halves(each, each._doubles + (pair.failed == 2))
        ]

    def _halves(self, piece: Piece, doubles: int) -> list[Piece]:
        if doubles >= _MOST_DOUBLES:
            return self._singles(piece)
        middle, pair = (len(piece.places) + 1) // 2, _Pair()
        parts = (piece.places[:middle], piece.places[middle:])
        return self._instead(
            piece,
            [Piece(part, calls=piece.calls, _pair=pair, _doubles=doubles) for part in parts],
        )

    def _singles(self, piece: Piece) -> list[Piece]:
        return self._instead(piece, [Piece((place,), calls=piece.calls) for place in piece.places])

    def _instead(self, piece: Piece, pieces: list[Piece]) -> list[Piece]:
        self._open -= 1
        return self._out(pieces)

    def _out(self, pieces: Iterable[Piece]) -> list[Piece]:
        out = list(pieces)
        self._open += len(out)
        return out
