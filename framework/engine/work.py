"""What travels to an instance, and the pool's bookkeeping of the mini-batches of one chunk."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from framework.domain.isolation import Piece
from framework.domain.mini_batches import MiniBatch
from framework.domain.outcomes import ExtraFile, Failure, Outcome
from framework.errors import FrameworkError
from framework.outputs.contract import Column, OutputFormat
from framework.scoring.launch import Launch
from framework.storage import Options

if TYPE_CHECKING:
    from framework.engine.assembly import Assembly


_serials = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSpec:
    """A pool of scorer processes: what an instance needs to make it and to keep it.

    Attributes:
        key: Job, driver epoch and deployment in one; two jobs on one instance have two pools.
        launch: How its scorer processes are started.
        processes: How many there are.
        input_root: The URL that mini-batches' paths are relative to.
        storage_options: By URL, what fsspec needs to open what is there or below. They may hold
            secrets: this travels in memory only, and never in a task.
        staging: The URL that parts and extra files are staged below.
        logs: The URL of the folder of the processes' logs.
        max_tries: Most tries of a failing mini-batch in all.
        output_format: How rows are written; `None` where they are only counted.
        isolates: Whether a mini-batch whose tries are used up is split until only bad files fail.
        isolates_short: Whether the files of a short result are scored singly, to name those that
            are missing.
        isolation_budget_s: Seconds of scoring that isolating may cost in the whole job.
        memory_limit: Bytes that one scorer process with its descendants may hold; `None` for any.
    """

    key: str
    launch: Launch
    processes: int
    input_root: str
    staging: str
    logs: str
    max_tries: int
    output_format: OutputFormat | None = None
    isolates: bool = True
    isolates_short: bool = False
    isolation_budget_s: float = 3600.0
    memory_limit: int | None = None
    storage_options: Options = field(default_factory=dict, repr=False)


class ScoredBlock(NamedTuple):
    """Rows of one call, where a mini-batch was scored in several."""

    length: int
    rows: int
    columns: tuple[Column, ...]


class Scored(NamedTuple):
    """A finished mini-batch with its rows, before they are in a part; or a piece of one.

    `blocks` and `isolated_s` are only for one that was scored in several calls.
    """

    batch: MiniBatch
    tries: int
    seconds: float
    succeeded: int
    rows: int = 0
    payload: bytes = b""
    columns: tuple[Column, ...] = ()
    failures: tuple[Failure, ...] = ()
    extras: tuple[ExtraFile, ...] = ()
    blocks: tuple[ScoredBlock, ...] = ()
    isolated_s: float = 0.0


@dataclass(slots=True, eq=False)
class Task:
    """A mini-batch on its way through the pool, or a piece of one.

    Attributes:
        batch: The files; those of the piece, where it is one.
        ticket: The chunk that it belongs to.
        tries: Calls made for just these files.
        is_begun: Whether it can't be handed back any more as not begun.
        assembly: What its results are put together in, where it is a piece.
        piece: Which piece it is.
        serial: No other task of this process has it.
    """

    batch: MiniBatch
    ticket: Ticket
    tries: int = 0
    is_begun: bool = False
    assembly: Assembly | None = None
    piece: Piece | None = None
    serial: int = field(default_factory=_serials.__next__)

    @property
    def key(self) -> str:
        """Names what its call leaves aside: a mini-batch may come here twice."""
        return f"{self.batch.index}-{self.serial}"


class Ticket:
    """The mini-batches of one chunk: who waits for them, and what has become of them.

    Args:
        batches: The chunk's mini-batches, by index.
    """

    def __init__(self, batches: Iterable[MiniBatch]) -> None:
        self.tasks = [Task(batch, self) for batch in batches]
        self.error: FrameworkError | None = None
        self._assemblies: dict[int, Assembly] = {}
        self._is_interrupted = False
        self._missing = len(self.tasks)
        self._finished: dict[int, Scored] = {}
        self._changed = threading.Condition()

    def finish(self, scored: Scored) -> None:
        """Takes a finished mini-batch."""
        with self._changed:
            self._finished[scored.batch.index] = scored
            self._assemblies.pop(scored.batch.index, None)
            self._missing -= 1
            if not self._missing:
                self._changed.notify_all()

    def give_back(self, count: int) -> None:
        """Notes that this many mini-batches will not be finished here."""
        with self._changed:
            self._missing -= count
            self._changed.notify_all()

    def open(self, assembly: Assembly) -> None:
        """Notes that a mini-batch is scored in several calls."""
        with self._changed:
            self._assemblies[assembly.batch.index] = assembly

    @property
    def is_interrupted(self) -> bool:
        """Whether nobody waits for the rest of it."""
        return self._is_interrupted

    def interrupt(self) -> None:
        """Ends the waiting with what is finished: more files have failed than are tolerated."""
        with self._changed:
            self._is_interrupted = True
            self._changed.notify_all()

    def stopped(self) -> tuple[Outcome, ...]:
        """Of mini-batches that are still being isolated, the files that have failed so far."""
        with self._changed:
            if not self._is_interrupted:
                return ()
            told = [assembly.so_far() for _, assembly in sorted(self._assemblies.items())]
        return tuple(outcome for outcome in told if outcome.failures)

    def abandon(self) -> None:
        """Ends the waiting with what is finished: the pool is being stopped."""
        with self._changed:
            self._missing = 0
            self._changed.notify_all()

    def fail(self, error: FrameworkError) -> None:
        """Ends the waiting: the pool is broken."""
        with self._changed:
            self.error = error
            self._changed.notify_all()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Waits until every mini-batch is finished or given back, or nobody wants the rest.

        False where `timeout_s` ran out.

        Raises:
            FrameworkError: The pool is broken.
        """
        with self._changed:
            done = self._changed.wait_for(
                lambda: self._missing <= 0 or self._is_interrupted or self.error is not None,
                timeout_s,
            )
            if self.error is not None:
                raise self.error
            return done

    def results(self) -> list[Scored]:
        """What is finished, by index."""
        with self._changed:
            return [self._finished[index] for index in sorted(self._finished)]


@dataclass(slots=True)
class WorkQueue:
    """Mini-batches of all active chunks of a pool, first come, first served."""

    _tasks: deque[Task] = field(default_factory=deque)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _is_closed: bool = False

    def put(self, tasks: Iterable[Task]) -> None:
        """Adds tasks at the end."""
        with self._changed:
            self._tasks.extend(tasks)
            self._changed.notify_all()

    def put_back(self, tasks: Iterable[Task], *, as_new: bool = False) -> None:
        """Adds tasks at the front, in order; `as_new` if no scoring call was made for them."""
        again = list(tasks)
        with self._changed:
            for task in again:
                task.is_begun = task.tries > 0 or task.piece is not None or not as_new
            self._tasks.extendleft(reversed(again))
            self._changed.notify_all()

    def take(self, most: int, *, wait: bool) -> list[Task]:
        """Up to `most` tasks; none if the queue is closed, or empty and `wait` is false."""
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: self._tasks or self._is_closed)
            if self._is_closed:
                return []
            tasks = [self._tasks.popleft() for _ in range(min(most, len(self._tasks)))]
            for task in tasks:
                task.is_begun = True
            return tasks

    def withdraw(self, ticket: Ticket) -> list[Task]:
        """Takes back a ticket's tasks that have not begun."""
        with self._changed:
            taken = [task for task in self._tasks if task.ticket is ticket and not task.is_begun]
            if taken:
                gone = set(map(id, taken))
                self._tasks = deque(task for task in self._tasks if id(task) not in gone)
            return taken

    def drop(self, ticket: Ticket) -> None:
        """Forgets a ticket's tasks, begun or not."""
        with self._changed:
            self._tasks = deque(task for task in self._tasks if task.ticket is not ticket)

    def close(self) -> None:
        """Wakes everyone up; nothing is taken any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._is_closed
