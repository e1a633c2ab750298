"""A job's connection to a cluster: the instances that serve it, and their leases."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from distributed import Client, Future
from distributed import wait as wait_for

from framework.engine.contract import Compute
from framework.engine.lease import RENEW_S, PoolState, end, renew
from framework.engine.work import PoolSpec
from framework.errors import NoInstancesError

logger = logging.getLogger(__name__)
T = TypeVar("T")

_END_S = 15.0


class Session:
    """The instances that serve one job.

    Args:
        client: Connected to the cluster.
        instances: Addresses of the chosen workers.
    """

    def __init__(self, client: Client, instances: tuple[str, ...]) -> None:
        self.client = client
        self.instances = instances
        self._labels = {address: f"instance-{i}" for i, address in enumerate(instances)}

    @property
    def dashboard_link(self) -> str:
        """The address of Dask's dashboard; empty where there is none."""
        return self.client.dashboard_link or ""

    @contextmanager
    def pools(self, spec: PoolSpec, *, on_state: Callable[[PoolState], None]) -> Iterator[None]:
        """Keeps a pool of scorer processes on every instance while the block runs.

        Args:
            spec: What the pools are.
            on_state: Called at each renewal of the lease, with the pools' states added up.
        """
        stop = threading.Event()

        def keep() -> None:
            while True:
                self._renew(spec, on_state)
                if stop.wait(RENEW_S):
                    return

        keeper = threading.Thread(target=keep, name="pool-lease", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            stop.set()
            keeper.join()
            self.end_pools(spec.key, grace_s=0.0)

    def _renew(self, spec: PoolSpec, on_state: Callable[[PoolState], None]) -> None:
        try:
            states: Mapping[str, PoolState] = self.client.run(
                renew, spec, self._labels, workers=list(self.instances)
            )
        except Exception as error:  # what comes of it shows in the chunks
            logger.warning("the pools' lease could not be renewed: %s", error)
            return
        on_state(
            PoolState(
                processes=sum(state.processes for state in states.values()),
                ready=sum(state.ready for state in states.values()),
            )
        )

    def end_pools(self, key: str, *, grace_s: float) -> None:
        """Stops the pools on all instances; what runs may end within `grace_s` seconds."""
        futures = [
            self.client.submit(
                end, key, grace_s, key=f"end-{i}-{key}", workers=[address], pure=False
            )
            for i, address in enumerate(self.instances)
        ]
        try:
            wait_for(futures, timeout=grace_s + _END_S)
        except TimeoutError:
            logger.warning("scorer processes did not end within %g s", grace_s + _END_S)

    def run(self, name: str, function: Callable[..., T], *arguments: Any) -> T:
        """Runs a function as a task on one of the instances, and returns its result."""
        future: Future = self.client.submit(
            function, *arguments, key=name, workers=list(self.instances), pure=False
        )
        result: T = future.result()
        return result


@contextmanager
def open_session(compute: Compute, instances: int, wait_timeout_s: float) -> Iterator[Session]:
    """Connects to a compute's cluster and chooses the instances.

    Raises:
        NoInstancesError: No worker was there within `wait_timeout_s` seconds.
    """
    with compute.cluster(instances) as cluster, Client(cluster, set_as_default=False) as client:
        try:
            client.wait_for_workers(1, timeout=wait_timeout_s)
        except TimeoutError:
            raise NoInstancesError(
                f"no instance came within {wait_timeout_s:g} s (compute.wait_timeout)"
            ) from None
        workers = sorted(client.scheduler_info(n_workers=-1)["workers"])
        yield Session(client, tuple(workers[:instances]))
