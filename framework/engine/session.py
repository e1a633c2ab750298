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
from framework.errors import FrameworkError, JobError, NoInstancesError

logger = logging.getLogger(__name__)
T = TypeVar("T")

_END_S = 15.0
_MOST_FAILURES = 3


class Session:
    """The instances that serve one job.

    Args:
        client: Connected to the cluster.
        instances: Addresses of the chosen workers.
    """

    def __init__(self, client: Client, instances: tuple[str, ...]) -> None:
        self.client = client
        self.instances = instances

    @property
    def dashboard_link(self) -> str:
        """The address of Dask's dashboard; empty where there is none."""
        return self.client.dashboard_link or ""

    def label(self, address: str) -> str:
        """What an instance is called in the names of log files."""
        return f"instance-{self.instances.index(address)}"

    def run(self, name: str, function: Callable[..., T], *arguments: Any) -> T:
        """Runs a function as a task on one of the instances, and returns its result.

        Raises:
            FrameworkError: As the function does.
        """
        future: Future = self.client.submit(
            _run, function, arguments, key=name, workers=list(self.instances), pure=False
        )
        result: T | FrameworkError = future.result()
        if isinstance(result, FrameworkError):
            raise result
        return result


def _run(function: Callable[..., T], arguments: tuple[Any, ...]) -> T | FrameworkError:
    """Returns an expected error: Dask would log one that is raised as if it were a defect."""
    try:
        return function(*arguments)
    except FrameworkError as error:
        return error


class Pools:
    """The scorer processes of a job on all of its instances, kept alive by a lease.

    Args:
        session: The instances.
        spec: What the pools are.
        on_state: Called at each renewal of the lease, with the pools' states added up.

    Attributes:
        error: Why the lease can't be renewed, once that has failed several times in a row.
    """

    def __init__(
        self, session: Session, spec: PoolSpec, *, on_state: Callable[[PoolState], None]
    ) -> None:
        self.spec = spec
        self._session = session
        self._on_state = on_state
        self.error: FrameworkError | None = None
        self._failures = 0
        self._stop = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="pool-lease", daemon=True)

    def __enter__(self) -> Pools:
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end(grace_s=0.0)

    def end(self, *, grace_s: float) -> None:
        """Stops the pools, once; what runs may end within `grace_s` seconds."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._keeper.join()
        client = self._session.client
        futures = [
            client.submit(
                end, self.spec.key, grace_s, key=f"end-{place}-{self.spec.key}", workers=[address]
            )
            for place, address in enumerate(self._session.instances)
        ]
        try:
            with client.as_current():
                wait_for(futures, timeout=grace_s + _END_S)
        except TimeoutError:
            logger.warning("scorer processes did not end within %g s", grace_s + _END_S)

    def _keep(self) -> None:
        while not self._stop.is_set():
            self._renew()
            self._stop.wait(RENEW_S)

    def _renew(self) -> None:
        labels = {address: self._session.label(address) for address in self._session.instances}
        try:
            states: Mapping[str, PoolState] = self._session.client.run(
                renew, self.spec, labels, workers=list(labels)
            )
        except Exception as error:  # noqa: BLE001  one may be lost: the lease outlasts several
            logger.warning("the pools' lease could not be renewed: %s", error)
            self._failures += 1
            if self._failures >= _MOST_FAILURES:
                self.error = JobError(f"scorer processes can't be kept: {error}")
            return
        self._failures = 0
        self._on_state(
            PoolState(
                processes=sum(state.processes for state in states.values()),
                ready=sum(state.ready for state in states.values()),
            )
        )


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
