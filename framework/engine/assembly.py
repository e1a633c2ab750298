"""A mini-batch that is scored in several calls: its pieces, and what they become together."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace

from framework.domain.isolation import Isolation, Piece
from framework.domain.mini_batches import MiniBatch
from framework.domain.outcomes import (
    CallLimit,
    ExtraFile,
    Failure,
    FailureKind,
    Outcome,
    Stage,
)
from framework.engine.work import Scored, ScoredBlock, Task, Ticket


class Assembly:
    """Puts the pieces of one mini-batch together. Any serving thread may bring one.

    Args:
        task: The whole mini-batch.
        joins_blocks: Whether neighbouring blocks with the same columns can be read as one.
        is_whole: Whether all files fail where one does: nothing is isolated.

    Attributes:
        batch: The mini-batch.
        ticket: The chunk that it belongs to.
    """

    def __init__(self, task: Task, *, joins_blocks: bool, is_whole: bool) -> None:
        self.batch: MiniBatch = task.batch
        self.ticket: Ticket = task.ticket
        self._calls = 0
        self._joins_blocks = joins_blocks
        self._is_whole = is_whole
        self._plan = Isolation()
        self._scored: dict[int, Scored] = {}
        self._failures: dict[int, Failure] = {}
        self._seconds = 0.0
        self._last_s = 0.0
        self._isolated_s = 0.0
        self._has_ended = False
        self._lock = threading.Lock()

    def take_whole(self, task: Task) -> None:
        """Makes the task that everything began with the only piece, its tries kept."""
        with self._lock:
            (task.piece,) = self._plan.begin(range(len(self.batch.files)))
        task.assembly = self

    def begin(
        self,
        *,
        calls: int = 0,
        gone: Mapping[int, str] | None = None,
        most: int | None = None,
        is_trial: bool = False,
    ) -> list[Task]:
        """The pieces to score first.

        Args:
            calls: Calls that were made for all files together.
            gone: Why files can't be had, by their places: they have failed by themselves.
            most: Most files in a piece.
            is_trial: Whether it gets one try only.
        """
        with self._lock:
            self._calls = calls
            for place, reason in (gone or {}).items():
                self._fail_file(place, reason)
            good = set(range(len(self.batch.files))) - self._failures.keys()
            pieces = self._plan.begin(good, most=most, is_trial=is_trial)
            for piece in pieces:
                piece.calls = calls
            return self._tasks(pieces)

    def _fail_file(self, place: int, reason: str) -> None:
        self._plan.failed.add(place)
        self._failures[place] = Failure(
            files=(self.batch.files[place].path,),
            count=1,
            stage=Stage.FETCH,
            kind=FailureKind.FETCH,
            message=f"the file can't be read: {reason}",
            tries=max(1, self._calls),
        )

    def split(self, task: Task, kind: FailureKind, seconds: float) -> list[Task]:
        """A piece has failed, and is split; returns what is to be scored next."""
        with self._lock:
            self._note_call(task, seconds)
            assert task.piece is not None
            return self._tasks(self._plan.split(task.piece, kind, task.tries))

    def scatter(self, task: Task, seconds: float) -> list[Task]:
        """A piece's result was short and says not of which files: they go one by one."""
        with self._lock:
            self._note_call(task, seconds)
            assert task.piece is not None
            return self._tasks(self._plan.scatter(task.piece, task.tries))

    def succeed(self, task: Task, scored: Scored) -> list[Task]:
        """A piece has succeeded, if only for some of its files."""
        with self._lock:
            self._note_call(task, scored.seconds)
            assert task.piece is not None
            self._seconds += scored.seconds
            first = task.piece.places[0]
            self._scored[first] = scored
            for failure in scored.failures:
                tries = task.piece.calls + task.tries
                self._failures[first] = replace(failure, tries=tries)
            return self._tasks(self._plan.succeed(task.piece))

    def fail(self, task: Task, failure: Failure, seconds: float) -> list[Task]:
        """A piece has failed for good."""
        with self._lock:
            self._note_call(task, seconds)
            assert task.piece is not None
            tries = task.piece.calls + task.tries
            self._failures[task.piece.places[0]] = replace(failure, tries=tries)
            return self._tasks(self._plan.fail(task.piece))

    def note_again(self, seconds: float, task: Task) -> None:
        """A piece has failed, and the same is tried again."""
        with self._lock:
            if task.piece is not None and task.piece.is_trial:
                self._isolated_s += seconds

    def ends(self) -> bool:
        """Whether every file has succeeded or failed; true once."""
        with self._lock:
            is_end = self._plan.is_complete and not self._has_ended
            self._has_ended |= is_end
            return is_end

    @property
    def isolated_s(self) -> float:
        """Seconds that isolating has cost so far."""
        return self._isolated_s

    @property
    def failed(self) -> int:
        """How many files have failed so far."""
        with self._lock:
            return sum(failure.count for failure in self._failures.values())

    @property
    def learnt(self) -> CallLimit | None:
        """How many files are not too many for memory, where that was found out."""
        return self._plan.learnt

    def result(self) -> Scored:
        """The whole mini-batch, once it is complete."""
        failures = self._merged_failures()
        if self._is_whole and failures:
            return self._failed_whole(failures[0])
        ordered = [self._scored[place] for place in sorted(self._scored)]
        blocks = _merged_blocks(ordered, joins=self._joins_blocks)
        return Scored(
            batch=self.batch,
            tries=max(1, self._calls),
            seconds=self._seconds or self._last_s,
            succeeded=sum(scored.succeeded for scored in ordered),
            rows=sum(scored.rows for scored in ordered),
            payload=b"".join(scored.payload for scored in ordered),
            columns=blocks[0].columns if blocks else (),
            failures=failures,
            extras=_merged_extras(ordered),
            blocks=blocks if len(blocks) > 1 else (),
            isolated_s=self._isolated_s,
        )

    def so_far(self) -> Outcome:
        """The files that have failed so far, as an outcome of theirs alone."""
        with self._lock:
            failures = self._merged_failures()
            return Outcome(
                index=self.batch.index,
                files=sum(failure.count for failure in failures),
                succeeded=0,
                rows=0,
                tries=max(1, self._calls),
                seconds=self._seconds,
                failures=failures,
            )

    def _failed_whole(self, failure: Failure) -> Scored:
        paths = tuple(file.path for file in self.batch.files)
        whole = replace(failure, files=paths, count=len(paths))
        calls = max(1, self._calls)
        return Scored(self.batch, calls, self._last_s, succeeded=0, failures=(whole,))

    def _merged_failures(self) -> tuple[Failure, ...]:
        """In input order; neighbours that failed alike are one, since a ledger line holds them."""
        merged: list[Failure] = []
        for _, failure in sorted(self._failures.items()):
            last = merged[-1] if merged else None
            if last and failure.files and _alike(last, failure):
                files = (*last.files, *failure.files)
                merged[-1] = replace(last, files=files, count=len(files))
            else:
                merged.append(failure)
        return tuple(merged)

    def _note_call(self, task: Task, seconds: float) -> None:
        self._calls += task.tries
        self._last_s = seconds
        if task.piece is not None and task.piece.is_trial:
            self._isolated_s += seconds

    def _tasks(self, pieces: Iterable[Piece]) -> list[Task]:
        return [
            Task(
                MiniBatch(self.batch.index, tuple(self.batch.files[at] for at in piece.places)),
                self.ticket,
                is_begun=True,
                assembly=self,
                piece=piece,
            )
            for piece in pieces
        ]


def _alike(left: Failure, right: Failure) -> bool:
    if not left.files:
        return False
    return replace(left, files=(), count=0) == replace(right, files=(), count=0)


def _merged_blocks(ordered: list[Scored], *, joins: bool) -> tuple[ScoredBlock, ...]:
    blocks: list[ScoredBlock] = []
    for scored in ordered:
        if not scored.columns:
            continue
        block = ScoredBlock(len(scored.payload), scored.rows, scored.columns)
        if joins and blocks and blocks[-1].columns == block.columns:
            last = blocks.pop()
            block = ScoredBlock(last.length + block.length, last.rows + block.rows, block.columns)
        blocks.append(block)
    return tuple(blocks)


def _merged_extras(ordered: list[Scored]) -> tuple[ExtraFile, ...]:
    """Each name once: as in one call, what was written last is there."""
    return tuple({extra.path: extra for scored in ordered for extra in scored.extras}.values())
