"""The `local` compute: instances in this process, their scorer processes beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import dask
from distributed import LocalCluster, Worker

from framework.engine.contract import Compute
from framework.engine.cores import cores
from framework.engine.dashboard import DashboardOnDemand

_LOOPBACK = "127.0.0.1:0"
_CONFIG = {
    "distributed.dashboard.link": "http://127.0.0.1:{port}/status",
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.terminate": False,
}


class _Instance(Worker):
    """A worker without a dashboard of its own: the scheduler's shows all of them."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "dashboard": False})


class LocalCompute(Compute):
    """Instances as threads of this process; it is ready in a fraction of a second.

    Scorers are processes of their own in any case, so that separate worker processes would only
    take longer to start.

    Args:
        dashboard: Whether Dask's dashboard is served, on the loopback interface.
    """

    is_in_process = True

    def __init__(self, *, dashboard: bool = True) -> None:
        self._dashboard = dashboard

    def cluster(self, instances: int) -> AbstractContextManager[Any]:
        """Starts `instances` in-process workers."""
        return self._start(instances)

    @contextmanager
    def _start(self, instances: int) -> Iterator[Any]:
        link = {} if self._dashboard else {"distributed.dashboard.link": ""}
        with (
            dask.config.set({**_CONFIG, **link}),
            LocalCluster(
                n_workers=instances,
                threads_per_worker=1,
                processes=False,
                # None would not mean no server, but one for all the world on Dask's own port.
                dashboard_address=_LOOPBACK,
                scheduler_kwargs={"dashboard": False},
                worker_dashboard_address=_LOOPBACK,
                worker_class=_Instance,
                memory_limit=0,
            ) as cluster,
        ):
            if self._dashboard:
                cluster.scheduler.http_application.add_application(
                    DashboardOnDemand(cluster.scheduler)
                )
            yield cluster

    def threads(self, instances: int, processes: int) -> int:
        """All scorer processes share this machine's cores."""
        return max(1, cores() // (instances * processes))
