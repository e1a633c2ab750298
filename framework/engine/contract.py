"""What a compute is: how a Dask cluster comes to be."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Any


class Compute(ABC):
    """A kind of Dask cluster. Its constructor takes the compute's own settings as keywords.

    Example:
        class GridCompute(Compute):
            def __init__(self, *, queue: str = "long"):
                self._queue = queue

            def cluster(self, instances):
                return GridCluster(queue=self._queue, jobs=instances)
    """

    @abstractmethod
    def cluster(self, instances: int) -> AbstractContextManager[Any]:
        """Starts, or finds, a cluster for this many instances.

        Returns:
            A context manager that gives what `distributed.Client` connects to: a cluster object or
            a scheduler's address. Leaving it ends what was started for the job.
        """

    def threads(self, instances: int, processes: int) -> int:
        """Threads that one scorer process may use; 0 for its share of its instance's cores.

        Args:
            instances: Instances of the job.
            processes: Scorer processes on each.
        """
        return 0
