"""Leases: pools live on an instance for as long as their driver is heard of.

Nothing is registered with Dask. The driver calls `renew` on each instance every second. `LEASE_S`
after the last call the pool's processes are killed. A call carries what the instance's clock was
when it last answered: one that was long on its way, since the instance was frozen or cut off, is
not heard, and so can neither keep nor make a pool for a job that may have ended meanwhile.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from distributed import Worker, get_worker

from framework.engine.pool import PoolClosedError, ScorerPool
from framework.engine.work import PoolSpec
from framework.errors import FrameworkError, JobError

LEASE_S = 4.0
RENEW_S = 1.0
_END_S = 15.0

Place = tuple[str, str]
"""A worker's address and a pool's key: in-process workers share this module."""

T = TypeVar("T")


@dataclass(slots=True)
class Lease:
    """A pool, and until when it is wanted."""

    pool: ScorerPool
    expires_at: float

    @property
    def is_expired(self) -> bool:
        """Whether its driver was not heard of in time: nobody waits for what it does."""
        return time.monotonic() >= self.expires_at

    def extend(self, seconds: float) -> None:
        """Keeps it for so long from now on."""
        self.expires_at = time.monotonic() + seconds

    def check(self) -> None:
        """Makes sure that somebody waits for its results.

        Raises:
            PoolClosedError: Nobody does.
        """
        if self.is_expired:
            raise PoolClosedError


_leases: dict[Place, Lease] = {}
_changed = threading.Condition()
_making = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """What an instance tells its driver at each renewal.

    Attributes:
        processes: Scorer processes that the pool shall have.
        ready: Starts that have succeeded so far.
        is_kept: Whether the pool is there, and kept for another `LEASE_S` seconds.
        clock: The instance's, which the next call has to bring back.
        error: Why there can be no pool here.
    """

    processes: int = 0
    ready: int = 0
    is_kept: bool = False
    clock: float = 0.0
    error: FrameworkError | None = None


def leases() -> dict[Place, Lease]:
    """The pools of this process."""
    return _leases


def renew(key: str, clock: float, dask_worker: Worker) -> PoolState:
    """Keeps a pool for another `LEASE_S` seconds, if it is there and the call is fresh.

    Run on an instance with `Client.run`, which fills in `dask_worker`.

    Args:
        key: The pool's key.
        clock: What the instance's last answer said.
        dask_worker: The instance.
    """
    with _changed:
        lease = _leases.get((dask_worker.address, key))
        if lease is None or lease.is_expired or not _is_fresh(clock):
            return PoolState(clock=time.monotonic())
        lease.extend(LEASE_S)
        _changed.notify_all()
        return _state(lease)


async def make(spec: PoolSpec, label: str, clock: float, dask_worker: Worker) -> PoolState:
    """Makes the pool if it isn't there.

    Args:
        spec: The pool to make.
        label: What the instance is called in the names of log files.
        clock: What the instance's last answer said.
        dask_worker: The instance.
    """
    if not _is_fresh(clock):
        return PoolState(clock=time.monotonic())
    try:
        place, own = (dask_worker.address, spec.key), for_instance(spec, dask_worker)
        return await _aside(partial(_make, place, own, label))
    except FrameworkError as error:
        return PoolState(clock=time.monotonic(), error=error)
    except Exception as error:  # noqa: BLE001  raised, Dask would log it with the spec's secrets
        failed = JobError(f"the pool can't be made: {type(error).__name__}: {error}")
        return PoolState(clock=time.monotonic(), error=failed)


def for_instance(spec: PoolSpec, instance: object) -> PoolSpec:
    """A pool's description with what only one instance has.

    Args:
        spec: As it is for all of them.
        instance: The Dask worker. Its `scorer_environment`, where it has one, are environment
            variables of the scorer processes there, such as the one GPU that they may use.
    """
    variables = getattr(instance, "scorer_environment", {})
    if not variables:
        return spec
    everywhere = spec.launch.environment_variables
    launch = replace(spec.launch, environment_variables={**everywhere, **variables})
    return replace(spec, launch=launch)


async def end(key: str, grace_s: float, dask_worker: Worker) -> None:
    """Stops the pool, and returns when nothing of it is left."""
    with _changed:
        lease = _leases.pop((dask_worker.address, key), None)
        _changed.notify_all()
    if lease is not None:
        lease.extend(grace_s + _END_S)
        await _aside(partial(lease.pool.stop, grace_s))


def lease_of(key: str) -> Lease:
    """The lease of the pool with this key, on the instance that the calling task runs on.

    Waits for the first lease, which may be on its way, as long as a lease lasts.

    Raises:
        PoolClosedError: It has run out.
    """
    place = (get_worker().address, key)
    with _changed:
        if not _changed.wait_for(lambda: place in _leases, LEASE_S):
            raise PoolClosedError
        return _leases[place]


async def _aside(function: Callable[[], T]) -> T:
    """Runs what takes its time in a thread that ends with it, beside the worker's event loop."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="pool-lease")
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, function)
    finally:
        thread.shutdown(wait=False)


def _make(place: Place, spec: PoolSpec, label: str) -> PoolState:
    with _making:
        lease = _leases.get(place)
        if lease is not None and lease.is_expired:
            _stop_expired()
            lease = None
        if lease is None:
            lease = Lease(ScorerPool(spec, label), time.monotonic() + LEASE_S)
            with _changed:
                _leases[place] = lease
                _watch()
                _changed.notify_all()
        lease.extend(LEASE_S)
        return _state(lease)


def _state(lease: Lease) -> PoolState:
    pool = lease.pool
    return PoolState(
        processes=pool.spec.processes, ready=pool.ready, is_kept=True, clock=time.monotonic()
    )


def _is_fresh(clock: float) -> bool:
    return 0.0 <= time.monotonic() - clock < LEASE_S


def _watch() -> None:
    """Starts the thread that ends leases, unless it runs; it ends with the last lease."""
    if len(_leases) == 1:
        threading.Thread(target=_end_expired, name="pool-leases", daemon=True).start()


def _end_expired() -> None:
    while True:
        _stop_expired()
        with _changed:
            if not _leases:
                return
            next_at = min(lease.expires_at for lease in _leases.values())
            _changed.wait(max(0.0, next_at - time.monotonic()))


def _stop_expired() -> None:
    with _changed:
        expired = [place for place, lease in _leases.items() if lease.is_expired]
        pools = [_leases.pop(place).pool for place in expired]
    for pool in pools:
        pool.stop(0.0)
