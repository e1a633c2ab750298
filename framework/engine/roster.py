"""The roster: which workers are a job's instances, and what they are called."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from framework.engine.lease import PoolState
from framework.engine.survey import Surveyed

SILENT_S = 10.0
"""An instance that has not been heard of for so long is taken for lost."""


@dataclass(frozen=True, slots=True)
class Joined:
    """An instance takes chunks from now on."""

    address: str


@dataclass(frozen=True, slots=True)
class Lost:
    """An instance is gone, joined or not: what it has is sent elsewhere."""

    address: str


@dataclass(frozen=True, slots=True)
class Failed:
    """There will be no more instances: `Pools.error` says why."""


Change = Joined | Lost | Failed


@dataclass(slots=True, eq=False)
class Member:
    """A worker that is one of the job's instances.

    Attributes:
        address: The worker's.
        process: Its machine and process.
        label: What it is called in the names of log files, for the whole job.
        state: What its pool has last said.
        silent_s: For how long it was not heard of.
        has_joined: Whether it has a pool, and so takes chunks.
    """

    address: str
    process: str
    label: str
    state: PoolState = field(default_factory=PoolState)
    silent_s: float = 0.0
    has_joined: bool = False


class Roster:
    """Knows the instances; whoever wants to know of changes is told. For any thread.

    Args:
        wanted: How many there shall be.
    """

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self._members: dict[str, Member] = {}
        self._labels: dict[tuple[str, str], str] = {}
        self._listeners: list[Callable[[Change], None]] = []
        self._lock = threading.RLock()

    @property
    def members(self) -> list[Member]:
        """The instances as they are now."""
        with self._lock:
            return list(self._members.values())

    @property
    def vacancies(self) -> int:
        """How many more instances there should be."""
        return self.wanted - len(self._members)

    def has(self, address: str) -> bool:
        """Whether the worker there is an instance."""
        return address in self._members

    def label(self, address: str) -> str:
        """What the instance there is called, or was."""
        with self._lock:
            known = [label for (place, _), label in self._labels.items() if place == address]
            member = self._members.get(address)
        return member.label if member else known[-1] if known else address

    def admit(self, worker: Surveyed) -> Member:
        """Makes a worker an instance: one that was it before has its old label."""
        with self._lock:
            identity = worker.address, worker.process
            label = self._labels.setdefault(identity, f"instance-{len(self._labels)}")
            member = Member(worker.address, worker.process, label)
            self._members[worker.address] = member
        return member

    def join(self, member: Member) -> None:
        """Notes that an instance has its pool."""
        with self._lock:
            if not member.has_joined and self._members.get(member.address) is member:
                member.has_joined = True
                self.tell(Joined(member.address))

    def lose(self, member: Member) -> None:
        """Notes that an instance is gone."""
        with self._lock:
            if self._members.get(member.address) is member:
                del self._members[member.address]
                self.tell(Lost(member.address))

    def release(self, address: str, least: int) -> Member | None:
        """Lets an instance go that has no work, unless too few would be left.

        There are vacancies again only when one of those that are left is lost.

        Returns:
            Who has gone; `None` if nobody has.
        """
        with self._lock:
            member = self._members.get(address)
            serving = sum(each.has_joined for each in self._members.values())
            if member is None or not member.has_joined or serving <= least:
                return None
            # Before it is lost: nobody shall see a vacancy in between, and take it again.
            self.wanted = max(least, len(self._members) - 1)
            self.lose(member)
        return member

    def listen(self, listener: Callable[[Change], None]) -> None:
        """Tells `listener` of those that have joined, and of every change from now on."""
        with self._lock:
            self._listeners.append(listener)
            for member in self._members.values():
                if member.has_joined:
                    listener(Joined(member.address))

    def tell(self, change: Change) -> None:
        """Tells all listeners."""
        with self._lock:
            for listener in self._listeners:
                listener(change)
