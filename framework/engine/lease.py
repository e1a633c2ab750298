"""Leases: pools live on an instance for as long as their driver is heard of.

Nothing is registered with Dask. The driver calls `renew` on its instances every second; the first
call makes the pool. `LEASE_S` after the last one, the pool's processes are killed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from distributed import Worker, get_worker, secede

from framework.engine.pool import PoolClosedError, ScorerPool
from framework.engine.work import PoolSpec

LEASE_S = 4.0
RENEW_S = 1.0

_leases: dict[tuple[str, str], _Lease] = {}
_changed = threading.Condition()


@dataclass(slots=True)
class _Lease:
    pool: ScorerPool
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """What an instance tells its driver at each renewal.

    Attributes:
        processes: Scorer processes that the pool shall have.
        ready: Starts that have succeeded so far.
    """

    processes: int
    ready: int


def renew(spec: PoolSpec, labels: Mapping[str, str], dask_worker: Worker) -> PoolState:
    """Makes the pool if it isn't there, and keeps it for another `LEASE_S` seconds.

    Run on an instance with `Client.run`, which fills in `dask_worker`.

    Args:
        spec: The pool to make.
        labels: By address, what each instance is called.
        dask_worker: The instance.
    """
    key = (dask_worker.address, spec.key)
    with _changed:
        lease = _leases.get(key)
        if lease is None:
            lease = _leases[key] = _Lease(ScorerPool(spec, labels[dask_worker.address]), 0.0)
            _watch()
        lease.expires_at = time.monotonic() + LEASE_S
        _changed.notify_all()
        return PoolState(processes=spec.processes, ready=lease.pool.ready)


def end(key: str, grace_s: float) -> None:
    """Stops the pool, and returns when nothing of it is left; a Dask task on the instance."""
    secede()
    with _changed:
        lease = _leases.pop((get_worker().address, key), None)
    if lease is not None:
        lease.pool.stop(grace_s)


def pool_of(key: str) -> ScorerPool:
    """The pool with this key on the instance that the calling task runs on.

    Waits for the first lease, which may be on its way, as long as a lease lasts.

    Raises:
        PoolClosedError: Its lease has run out.
    """
    place = (get_worker().address, key)
    with _changed:
        if not _changed.wait_for(lambda: place in _leases, LEASE_S):
            raise PoolClosedError
        return _leases[place].pool


def _watch() -> None:
    """Starts the thread that ends leases, unless it runs; it ends with the last lease."""
    if len(_leases) == 1:
        threading.Thread(target=_end_expired, name="pool-leases", daemon=True).start()


def _end_expired() -> None:
    while True:
        with _changed:
            if not _leases:
                return
            now = time.monotonic()
            expired = [key for key, lease in _leases.items() if lease.expires_at <= now]
            pools = [_leases.pop(key).pool for key in expired]
            if not pools:
                _changed.wait(min(lease.expires_at for lease in _leases.values()) - now)
        for pool in pools:
            pool.stop(0.0)
