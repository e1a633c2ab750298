"""A job's pools on all of its instances: kept by leases, each by itself, and watched."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future as Started
from concurrent.futures import wait

from framework.domain.idleness import Idleness
from framework.engine import calls
from framework.engine.lease import RENEW_S, PoolState, end, make, renew
from framework.engine.roster import SILENT_S, Change, Failed, Member
from framework.engine.session import Session, logger
from framework.engine.work import PoolSpec
from framework.errors import FrameworkError, JobError, NoInstancesError

_CALL_S = 3.0
_FIRST_S = 30.0
_END_S = 15.0
_MOST_COUNTED_S = 4.0
_RELEASE_GRACE_S = 10.0


class Pools:
    """The scorer processes of a job on all of its instances.

    Once a second each instance's lease is renewed, by itself, so that one that hangs holds up
    nobody. Instances that are gone, or silent for long, are replaced.

    Args:
        session: The instances.
        spec: What the pools are.
        on_state: Called about every second, with the pools' states added up.
        wait_timeout_s: Seconds for which the job waits when no instance is left.

    Attributes:
        error: Why there will be no more instances.
    """

    def __init__(
        self,
        session: Session,
        spec: PoolSpec,
        *,
        on_state: Callable[[PoolState], None],
        wait_timeout_s: float = 300.0,
    ) -> None:
        self.spec = spec
        self.error: FrameworkError | None = None
        self._session = session
        self._roster = session.roster
        self._on_state = on_state
        self._wait_timeout_s = wait_timeout_s
        self._alone_s = 0.0
        self._has_begun = False
        self._refused: FrameworkError | None = None
        self._heard: set[Member] = set()
        self._calls: dict[Member, asyncio.Task[None]] = {}
        self._recruiting: asyncio.Task[object] | None = None
        self._leaving: list[Started[None]] = []
        self._stop = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="pool-lease", daemon=True)

    def __enter__(self) -> Pools:
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end(grace_s=0.0)

    def listen(self, listener: Callable[[Change], None]) -> None:
        """Tells `listener` of the instances that take chunks, and of every change from now on."""
        self._roster.listen(listener)
        if self.error is not None:
            listener(Failed())

    def release(self, address: str, idleness: Idleness) -> None:
        """Gives an instance back that has no work any more; does not wait for that."""
        member = self._roster.release(address, idleness.least)
        if member is not None:
            self._session.notice(
                f"{member.label} is given back after {idleness.patience_s:g} s without work "
                "(compute.idle_time_before_scale_down)"
            )
            self._leaving.append(calls.start(self._session.client, self._release(member)))

    async def _release(self, member: Member) -> None:
        call = self._calls.pop(member, None)
        if call is not None:
            call.cancel()
        await self._end_at(member, _RELEASE_GRACE_S)
        await self._session.shrink()

    def end(self, *, grace_s: float) -> None:
        """Stops the pools, once; what runs may end within `grace_s` seconds."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._keeper.join()
        calls.start(self._session.client, self._end(grace_s)).result()
        wait(self._leaving, timeout=_END_S)

    async def _end(self, grace_s: float) -> None:
        for call in (*self._calls.values(), self._recruiting):
            if call is not None:
                call.cancel()
        if self._session.is_lost:
            return  # the instances notice by themselves
        members = self._roster.members
        await asyncio.gather(*(self._end_at(member, grace_s) for member in members))

    async def _end_at(self, member: Member, grace_s: float) -> None:
        wait_s = grace_s + _END_S if member.silent_s < _CALL_S else _CALL_S
        client, key = self._session.client, self.spec.key
        try:
            await calls.call(client, member.address, end, key, grace_s, timeout_s=wait_s)
        except calls.UnheardError as error:
            logger.warning("%s has not ended its scorer processes: %s", member.label, error)

    # --- once a second -------------------------------------------------------------------------

    def _keep(self) -> None:
        last = time.monotonic()
        while not self._stop.is_set() and self.error is None:
            began = time.monotonic()
            try:
                calls.start(self._session.client, self._tick()).result()
            except FrameworkError as error:
                self._fail(error)
            except Exception as error:  # noqa: BLE001  or the job would wait for ever
                logger.exception("the pools' leases can't be renewed")
                self._fail(JobError(f"scorer processes can't be kept: {error!r}"))
            now = time.monotonic()
            # Where this machine slept, or was busy, nobody else was silent.
            self._count_silence(min(now - last, _MOST_COUNTED_S))
            last = now
            self._tell_state()
            self._session.tell()
            self._stop.wait(max(0.0, began + RENEW_S - now))

    def _fail(self, error: FrameworkError) -> None:
        self.error = error
        self._roster.tell(Failed())

    async def _tick(self) -> None:
        there = await self._there()
        if there is None:
            return
        for member in self._roster.members:
            if member.address not in there:
                self._lose(member, "it is gone")
        if self._recruiting is None or self._recruiting.done():
            self._recruiting = asyncio.ensure_future(self._session.recruit(there))
        for member in self._roster.members:
            if member not in self._calls:
                self._calls[member] = asyncio.ensure_future(self._renew(member))
        if self._calls:
            await asyncio.wait(self._calls.values(), timeout=RENEW_S)
        self._calls = {member: call for member, call in self._calls.items() if not call.done()}

    async def _there(self) -> set[str] | None:
        try:
            return await self._session.present(_CALL_S)
        except calls.UnheardError as error:
            logger.info("%s", error)
            return None

    async def _renew(self, member: Member) -> None:
        client, address, key = self._session.client, member.address, self.spec.key
        try:
            clock = member.state.clock
            state: PoolState = await calls.call(
                client, address, renew, key, clock, timeout_s=_CALL_S
            )
            if not state.is_kept:
                state = await calls.call(
                    client, address, make, self.spec, member.label, state.clock, timeout_s=_FIRST_S
                )
        except calls.UnheardError as error:
            logger.info("%s: %s", member.label, error)
            return
        member.state = state
        self._heard.add(member)
        if state.error is not None:
            self._refused = state.error
            self._roster.lose(member)
            self._session.leave_out(address, str(state.error))
        elif state.is_kept:
            self._has_begun = True
            self._roster.join(member)

    def _count_silence(self, seconds: float) -> None:
        for member in self._roster.members:
            if member in self._heard or self._session.is_in_process:
                member.silent_s = 0.0
                continue
            member.silent_s += seconds
            patience_s = SILENT_S if member.has_joined else _FIRST_S
            if member.silent_s >= patience_s:
                self._lose(member, f"it was not heard of for {patience_s:g} s")
        self._heard = set()
        self._count_loneliness(seconds)

    def _count_loneliness(self, seconds: float) -> None:
        """Ends the job where there was no instance for too long."""
        if self._roster.members:
            self._alone_s = 0.0
            return
        if self._refused is not None and not self._has_begun:
            self._fail(self._refused)
            return
        if not self._alone_s:
            wait_s = f"{self._wait_timeout_s:g} s (compute.wait_timeout)"
            self._session.notice(f"no instance is left: the job waits for one, up to {wait_s}")
        self._alone_s += seconds
        if self._alone_s >= self._wait_timeout_s:
            self._fail(
                NoInstancesError(
                    f"no instance was left, and none came within {self._wait_timeout_s:g} s "
                    "(compute.wait_timeout)"
                )
            )

    def _lose(self, member: Member, why: str) -> None:
        call = self._calls.pop(member, None)
        if call is not None:
            calls.cancel(self._session.client, call)
        if member.has_joined:
            self._session.notice(
                f"{member.label} ({member.address}) is lost: {why}; what it had is scored elsewhere"
            )
        self._roster.lose(member)

    def _tell_state(self) -> None:
        states = [member.state for member in self._roster.members if member.has_joined]
        self._on_state(
            PoolState(
                processes=sum(state.processes for state in states),
                ready=sum(state.ready for state in states),
            )
        )
