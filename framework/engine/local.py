"""The `local` compute: instances in this process, their scorer processes beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import dask
from distributed import LocalCluster, Worker

from framework.engine.contract import Compute
from framework.engine.cores import cores
from framework.engine.own_scheduler import LOOPBACK, NO_DASHBOARD, OWN_CONFIG, serve_dashboard


class Instance(Worker):
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
    def _start(self, instances: int, kind: type[Worker] = Instance) -> Iterator[Any]:
        with (
            dask.config.set({**OWN_CONFIG, **({} if self._dashboard else NO_DASHBOARD)}),
            LocalCluster(
                n_workers=instances,
                threads_per_worker=1,
                processes=False,
                # None would not mean no server, but one for all the world on Dask's own port.
                dashboard_address=LOOPBACK,
                scheduler_kwargs={"dashboard": False},
                worker_dashboard_address=LOOPBACK,
                worker_class=kind,
                memory_limit=0,
            ) as cluster,
        ):
            if self._dashboard:
                serve_dashboard(cluster.scheduler)
            yield cluster

    def threads(self, instances: int, processes: int) -> int:
        """All scorer processes share this machine's cores."""
        return max(1, cores() // (instances * processes))
