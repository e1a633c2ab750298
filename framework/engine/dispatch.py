"""Dispatch: mini-batches go out in chunks, a few at a time; receipts come back as a stream."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Protocol

from distributed import Future
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker

from framework.domain.chunks import BUDGET_S, MAX_FILES, Chunk, ChunkSizer
from framework.domain.limits import Limits
from framework.domain.mini_batches import MiniBatch
from framework.domain.outcomes import Receipt
from framework.engine.chunk_task import score_chunk
from framework.engine.session import Pools, Session
from framework.errors import FrameworkError, NoInstancesError, ScorerInitError

logger = logging.getLogger(__name__)

_STOP = "stop"
_WAKE = "wake"


class Source(Protocol):
    """Where mini-batches come from, while the listing may still go on."""

    def take(self) -> MiniBatch | None:
        """The next mini-batch; `None` if none is there now."""

    @property
    def is_exhausted(self) -> bool:
        """Whether no more will come."""

    @property
    def remaining(self) -> int | None:
        """Mini-batches still to be taken; `None` while that is not known."""


@dataclass(slots=True)
class _Instance:
    address: str
    chunks: dict[Future, Chunk] = field(default_factory=dict)
    error: FrameworkError | None = None

    @property
    def mini_batches(self) -> int:
        return sum(len(chunk) for chunk in self.chunks.values())


class Dispatcher:
    """Sends chunks to the instances of a session.

    Args:
        session: The instances.
        pools: Their scorer processes.
        source: The mini-batches.
        limits: What each chunk is told of the job at large.
    """

    def __init__(
        self,
        session: Session,
        pools: Pools,
        source: Source,
        limits: Callable[[], Limits] = Limits,
    ) -> None:
        self._session = session
        self._pools = pools
        self._key = pools.spec.key
        self._source = source
        self._limits = limits
        self._sizer = ChunkSizer(processes=pools.spec.processes, instances=len(session.instances))
        self._instances = [_Instance(address) for address in session.instances]
        self._returned: deque[MiniBatch] = deque()
        self._events: SimpleQueue[Future | str] = SimpleQueue()
        self._grace_s: float | None = None
        self._is_interrupted = False
        self._sequence = 0

    def wake(self) -> None:
        """Says that the source has more; from any thread."""
        self._events.put(_WAKE)

    def stop(self, grace_s: float) -> None:
        """Ends it soon: what runs may end within `grace_s` seconds. From any thread."""
        self._grace_s = grace_s
        self._events.put(_STOP)

    def receipts(self) -> Iterator[list[Receipt]]:
        """Dispatches until the source is exhausted or `stop` was called.

        Yields:
            The receipts that have come since the last time, to be made durable together.

        Raises:
            FrameworkError: The scorer can't be loaded, a part can't be written, or nobody is left.
        """
        is_stopping = False
        while True:
            if not self._is_ending:
                self._top_up()
            if not self._in_flight and (is_stopping or self._is_done):
                return
            events = self._next_events()
            if _STOP in events and not is_stopping:
                is_stopping = True
                self._pools.end(grace_s=self._grace_s or 0.0)
            receipts = [self._settle(event) for event in events if isinstance(event, Future)]
            if news := [receipt for receipt in receipts if receipt.has_news]:
                yield news
            failures = (receipt.error for receipt in receipts if receipt.error is not None)
            if (failure := next(failures, self._pools.error)) is not None:
                raise failure

    @property
    def _is_ending(self) -> bool:
        """Whether somebody has asked to stop, or will once all that is in flight is here."""
        return self._grace_s is not None or (self._is_interrupted and self._in_flight)

    @property
    def _in_flight(self) -> bool:
        return any(instance.chunks for instance in self._instances)

    @property
    def _is_done(self) -> bool:
        return self._source.is_exhausted and not self._returned

    def _next_events(self) -> list[Future | str]:
        """Waits for one event, and takes those that are there with it."""
        events = [self._events.get()]
        while True:
            try:
                events.append(self._events.get_nowait())
            except Empty:
                return events

    def _top_up(self) -> None:
        """Gives every instance what keeps its processes busy, those with least first."""
        able = (instance for instance in self._instances if instance.error is None)
        for instance in sorted(able, key=lambda instance: instance.mini_batches):
            while self._sizer.wants_more(
                chunks=len(instance.chunks), mini_batches=instance.mini_batches
            ):
                chunk = self._next_chunk()
                if chunk is None:
                    return
                self._send(instance, chunk)

    def _next_chunk(self) -> Chunk | None:
        remaining = self._source.remaining
        if remaining is not None:
            remaining += len(self._returned)
        batches: list[MiniBatch] = []
        files = 0
        for _ in range(self._sizer.size(remaining)):
            batch = self._returned.popleft() if self._returned else self._source.take()
            if batch is None:
                break
            batches.append(batch)
            files += len(batch.files)
            if files >= MAX_FILES:
                break
        # What was handed back comes from several chunks, in any order.
        return Chunk.of(sorted(batches)) if batches else None

    def _send(self, instance: _Instance, chunk: Chunk) -> None:
        self._sequence += 1
        future = self._session.client.submit(
            score_chunk,
            self._key,
            chunk,
            BUDGET_S,
            self._limits(),
            key=f"score-{chunk.label}-{self._key}-{self._sequence}",
            workers=[instance.address],
            pure=False,
        )
        instance.chunks[future] = chunk
        future.add_done_callback(self._events.put)

    def _settle(self, future: Future) -> Receipt:
        """Takes a chunk that has come back; what of it is not finished is dispatched again."""
        instance = next(each for each in self._instances if future in each.chunks)
        chunk = instance.chunks.pop(future)
        try:
            receipt: Receipt = future.result()
        except (KilledWorker, FutureCancelledError) as error:
            logger.warning("chunk %s was lost (%s); it is sent again", chunk.label, error)
            self._check_instances()
            receipt = Receipt(outcomes=(), part=None, returned=chunk.indices)
        finally:
            future.release()
        self._is_interrupted |= receipt.is_interrupted
        self._sizer.observe([outcome.seconds for outcome in receipt.outcomes])
        if receipt.returned:
            returned = set(receipt.returned)
            self._returned.extend(batch for batch in chunk if batch.index in returned)
        return self._without(instance, receipt) if receipt.error else receipt

    def _without(self, instance: _Instance, receipt: Receipt) -> Receipt:
        """Leaves out an instance that can't load the scorer, as long as another may be able to."""
        if not isinstance(receipt.error, ScorerInitError):
            return receipt
        is_known, instance.error = instance.error is not None, receipt.error
        if all(each.error is not None for each in self._instances):
            return receipt
        label = self._session.label(instance.address)
        notice = f"{label} is left out, since it can't load the scorer: {receipt.error}"
        return replace(receipt, error=None, notices=() if is_known else (notice,))

    def _check_instances(self) -> None:
        """Drops the instances that are gone."""
        there = self._session.client.scheduler_info(n_workers=-1)["workers"]
        self._instances = [each for each in self._instances if each.address in there]
        if not self._instances:
            raise NoInstancesError("all instances are gone")
