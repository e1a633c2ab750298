"""The `local_cuda` compute: an instance for each GPU of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar

from framework.engine.gpus import VARIABLE, visible_gpus
from framework.engine.local import Instance, LocalCompute
from framework.errors import UsageError


class LocalCudaCompute(LocalCompute):
    """Instances as threads of this process; the scorer processes of each see one GPU and share it.

    Args:
        dashboard: Whether Dask's dashboard is served, on the loopback interface.
    """

    def __init__(self, *, dashboard: bool = True) -> None:
        super().__init__(dashboard=dashboard)
        self._devices = visible_gpus(os.environ)

    def cluster(self, instances: int) -> AbstractContextManager[Any]:
        """Starts an in-process worker for each of the first `instances` GPUs."""
        return self._start_on_gpus(instances)

    @contextmanager
    def _start_on_gpus(self, instances: int) -> Iterator[Any]:
        there = len(self._devices)
        if instances > there:
            raise UsageError(
                f"resources.instance_count is {instances}, and {there} "
                f"GPU{'s are' if there > 1 else ' is'} visible: each instance has one of its own"
            )
        kind = type("_Instance", (_OnGpu,), {"devices": self._devices})
        with self._start(instances, kind) as cluster:
            yield cluster


class _OnGpu(Instance):
    """An instance whose scorer processes see one device."""

    devices: ClassVar[tuple[str, ...]]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.scorer_environment = {VARIABLE: self.devices[int(str(self.name))]}
