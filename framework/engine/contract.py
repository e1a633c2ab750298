"""What a compute is: how a Dask cluster comes to be."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Set
from contextlib import AbstractContextManager
from typing import Any, ClassVar


class Compute(ABC):
    """A kind of Dask cluster. Its constructor takes the compute's own settings as keywords.

    Example:
        class GridCompute(Compute):
            def __init__(self, *, queue: str = "long"):
                self._queue = queue

            def cluster(self, instances):
                return GridCluster(queue=self._queue, jobs=instances)

    Attributes:
        is_in_process: Whether the instances are threads of the driver's own process, and so see
            what it sees.
        is_shared: Whether others' jobs may run there as well: the cluster was there before the job.
    """

    is_in_process: ClassVar[bool] = False
    is_shared: ClassVar[bool] = False

    @property
    def security(self) -> Any:
        """The `distributed.Security` that the driver connects with; `None` for Dask's own."""
        return None

    @property
    def connect_timeout_s(self) -> float:
        """Seconds within which the scheduler has to answer."""
        return 30.0

    @abstractmethod
    def cluster(self, instances: int) -> AbstractContextManager[Any]:
        """Starts, or finds, a cluster for this many instances.

        Returns:
            A context manager that gives what `distributed.Client` connects to: a cluster object or
            a scheduler's address. Leaving it ends what was started for the job.
        """

    async def shrink(self, cluster: Any, kept: Set[str]) -> None:
        """Ends a cluster's workers, and those on their way, but the ones that are kept.

        Called near a job's end, on the cluster's event loop, where the cluster was started for the
        job. This one knows what to do with a `distributed.SpecCluster`, and leaves others alone.

        Args:
            cluster: What `cluster` gave.
            kept: Workers' names.
        """
        from distributed import SpecCluster  # takes its time, and names of computes need no Dask

        if isinstance(cluster, SpecCluster):
            specs = cluster.worker_spec.items()
            gone = [name for name, spec in specs if kept.isdisjoint(_workers_of(name, spec))]
            await cluster.scale_down(gone)

    def threads(self, instances: int, processes: int) -> int:
        """Threads that one scorer process may use; 0 for its share of its instance's cores.

        Args:
            instances: Instances of the job.
            processes: Scorer processes on each.
        """
        return 0


def _workers_of(name: object, spec: Mapping[str, Any]) -> set[str]:
    """The names of what a specification starts: one worker, or a group of them."""
    stems = name, spec.get("options", {}).get("name", name)
    return {f"{stem}{suffix}" for stem in stems for suffix in spec.get("group", ("",))}
