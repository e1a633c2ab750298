"""Dispatch: mini-batches go out in chunks, a few at a time; receipts come back as a stream."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from distributed import Future

from framework.domain.chunks import BUDGET_S, MAX_FILES, Chunk, ChunkSizer
from framework.domain.idleness import Idleness
from framework.domain.limits import Limits
from framework.domain.mini_batches import MiniBatch
from framework.domain.outcomes import Receipt
from framework.engine import calls
from framework.engine.chunk_task import score_chunk
from framework.engine.pools import Pools
from framework.engine.roster import Failed, Joined, Lost
from framework.engine.session import Session
from framework.errors import FrameworkError

logger = logging.getLogger(__name__)

_STOP = "stop"
_WAKE = "wake"
_LAST_RECEIPT_S = 10.0
_LONGEST_WAIT_S = 86_400.0  # a queue takes no timeout of centuries
_NOTHING = Receipt(outcomes=(), part=None, returned=())


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
class _Flight:
    """A chunk on its way."""

    chunk: Chunk
    future: Future
    follower: Any = None


@dataclass(frozen=True, slots=True)
class _Landed:
    """What has become of a chunk: a receipt, or an error."""

    number: int
    receipt: Receipt | None = None
    error: Exception | None = None


@dataclass(slots=True)
class _Instance:
    address: str
    flights: dict[int, _Flight] = field(default_factory=dict)
    error: FrameworkError | None = None

    @property
    def mini_batches(self) -> int:
        return sum(len(flight.chunk) for flight in self.flights.values())


_Event = _Landed | Joined | Lost | Failed | str


class Dispatcher:
    """Sends chunks to the instances of a session.

    Args:
        session: The instances.
        pools: Their scorer processes.
        source: The mini-batches.
        limits: What each chunk is told of the job at large.
        idleness: Who may go in the end, having no work; nobody without it.
    """

    def __init__(
        self,
        session: Session,
        pools: Pools,
        source: Source,
        limits: Callable[[], Limits] = Limits,
        idleness: Idleness | None = None,
    ) -> None:
        self._session = session
        self._pools = pools
        self._key = pools.spec.key
        self._source = source
        self._limits = limits
        self._idleness = idleness or Idleness(None)
        self._sizer = ChunkSizer(processes=pools.spec.processes, instances=len(session.instances))
        self._instances: dict[str, _Instance] = {}
        self._returned: deque[MiniBatch] = deque()
        self._events: SimpleQueue[_Event] = SimpleQueue()
        self._grace_s: float | None = None
        self._is_interrupted = False
        self._is_stopping = False
        self._sequence = 0
        pools.listen(self._events.put)

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
            FrameworkError: On none of the instances can the scorer be loaded, files be fetched,
                or parts be written; or nobody is left.
        """
        while True:
            if not self._is_ending:
                self._top_up()
            if not self._in_flight and (self._is_stopping or self._is_done):
                return
            self._release_idle()
            events = self._next_events()
            if _STOP in events and not self._is_stopping:
                self._is_stopping = True
                self._pools.end(grace_s=self._grace_s or 0.0)
            receipts = [self._take(event) for event in events if isinstance(event, _Landed)]
            for event in events:
                self._note(event)
            if news := [receipt for receipt in receipts if receipt.has_news]:
                yield news
            failures = (receipt.error for receipt in receipts if receipt.error is not None)
            if (failure := next(failures, self._pools.error or self._refusal)) is not None:
                raise failure

    @property
    def _is_ending(self) -> bool:
        """Whether somebody has asked to stop, or will once all that is in flight is here."""
        return self._grace_s is not None or (self._is_interrupted and self._in_flight)

    @property
    def _in_flight(self) -> bool:
        return any(instance.flights for instance in self._instances.values())

    @property
    def _is_done(self) -> bool:
        return self._source.is_exhausted and not self._returned

    def _next_events(self) -> list[_Event]:
        """Waits for one event, and takes those that are there with it."""
        try:
            events = [self._events.get(timeout=self._patience_s)]
        except Empty:
            if self._is_stopping:
                self._give_up()
            return []
        while True:
            try:
                events.append(self._events.get_nowait())
            except Empty:
                return events

    @property
    def _patience_s(self) -> float | None:
        """Seconds to wait for an event."""
        if self._is_stopping:
            return _LAST_RECEIPT_S  # of pools that have been stopped they are here soon
        wait_s = self._idleness.wait_s(there=self._instances, now=time.monotonic())
        return None if wait_s is None else min(wait_s, _LONGEST_WAIT_S)

    def _release_idle(self) -> None:
        """Gives back who has had no work for long, once there is none to come."""
        idle: list[_Instance] = []
        if self._is_done and not self._is_ending:
            idle = [each for each in self._instances.values() if not each.flights]
        idle.sort(key=lambda each: each.error is None)
        addresses, now = [each.address for each in idle], time.monotonic()
        for address in self._idleness.due(addresses, there=self._instances, now=now):
            self._pools.release(address, self._idleness)

    def _give_up(self) -> None:
        for address in list(self._instances):
            self._note(Lost(address))

    def _top_up(self) -> None:
        """Gives every instance what keeps its processes busy, those with least first."""
        able = (each for each in self._instances.values() if each.error is None)
        for instance in sorted(able, key=lambda instance: instance.mini_batches):
            while self._sizer.wants_more(
                chunks=len(instance.flights), mini_batches=instance.mini_batches
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
        self._sequence = number = self._sequence + 1
        client = self._session.client
        key = f"score-{chunk.label}-{self._key}-{number}"
        task = (score_chunk, self._key, chunk, BUDGET_S, self._limits())
        flight = _Flight(chunk, calls.submit(client, instance.address, key, *task))
        instance.flights[number] = flight
        flight.follower = calls.start(client, self._follow(number, flight.future))

    async def _follow(self, number: int, future: Future) -> None:
        """Waits, on the client's event loop, for what becomes of a chunk."""
        try:
            landed = _Landed(number, await calls.result_of(self._session.client, future))
        except Exception as error:  # noqa: BLE001  the dispatcher's thread raises it
            landed = _Landed(number, error=error)
        self._events.put(landed)

    def _note(self, event: _Event) -> None:
        """Follows the changes among the instances."""
        if isinstance(event, Joined):
            self._instances.setdefault(event.address, _Instance(event.address))
        elif isinstance(event, Lost):
            instance = self._instances.pop(event.address, None)
            for flight in instance.flights.values() if instance else ():
                flight.follower.cancel()
                flight.future.release()
                self._returned.extend(flight.chunk)
        self._sizer.share(max(1, len(self._instances)))

    def _take(self, landed: _Landed) -> Receipt:
        """Takes a chunk that has come back; what of it is not finished is dispatched again."""
        instance = next((e for e in self._instances.values() if landed.number in e.flights), None)
        if instance is None:
            return _NOTHING  # it was sent to another since: the first outcome would count anyway
        flight = instance.flights.pop(landed.number)
        flight.future.release()
        receipt, chunk = landed.receipt, flight.chunk
        if isinstance(landed.error, calls.LostTaskError):
            logger.info("chunk %s was lost (%s); it is sent again", chunk.label, landed.error)
            receipt = Receipt(outcomes=(), part=None, returned=chunk.indices)
        elif receipt is None:
            raise landed.error or RuntimeError(f"chunk {chunk.label} came back without a receipt")
        self._is_interrupted |= receipt.is_interrupted
        self._sizer.observe([outcome.seconds for outcome in receipt.outcomes])
        if receipt.returned:
            returned = set(receipt.returned)
            self._returned.extend(batch for batch in chunk if batch.index in returned)
        return self._without(instance, receipt) if receipt.error else receipt

    def _without(self, instance: _Instance, receipt: Receipt) -> Receipt:
        """Leaves out an instance that can score nothing, as long as another may be able to."""
        is_known, instance.error = instance.error is not None, receipt.error
        if self._refusal is not None:
            return receipt
        label = self._session.label(instance.address)
        notice = f"{label} is left out: {receipt.error}"
        return replace(receipt, error=None, notices=() if is_known else (notice,))

    @property
    def _refusal(self) -> FrameworkError | None:
        """Why none of the instances can score; `None` as long as one may be able to."""
        chosen = [self._instances.get(address) for address in self._session.instances]
        errors = [each.error for each in chosen if each is not None and each.error is not None]
        # One that is chosen and has not joined yet may be able to; it joins soon, or is lost.
        return errors[-1] if errors and len(errors) == len(chosen) else None
