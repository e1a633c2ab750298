"""The `kubernetes` compute: instances are pods that Dask's operator starts."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from dask_kubernetes.operator import KubeCluster, make_cluster_spec
from kr8s.asyncio.objects import Deployment

from framework.engine.contract import Compute
from framework.engine.own_scheduler import OWN_CONFIG

_NAME = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class KubernetesCompute(Compute):
    """A `DaskCluster` for the job, deleted at its end; Dask's operator has to be installed.

    Attributes:
        image: The container image; it has this package, in the same version.
        namespace: Where the pods run; that of the current context where absent.
        name: What the names of the job's resources begin with.
        resources: `requests` and `limits` of each pod, as Kubernetes has them.
        env: Environment variables of the pods.
        worker_command: What starts a worker in the image.
        worker_template: Laid over the worker pods' specification: `nodeSelector`, `tolerations`.
        scheduler_template: The same for the scheduler's pod.
        scheduler_service_type: How the scheduler is reached from outside.
        idle_timeout: Seconds after which the operator deletes a cluster that nobody uses: what is
            left when a driver is killed.
        resource_timeout: Seconds to wait for the scheduler's pod.
    """

    image: str
    namespace: str | None = None
    name: str = "batch-endpoint"
    resources: Mapping[str, Any] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    worker_command: Sequence[str] = ("dask", "worker")
    worker_template: Mapping[str, Any] | None = None
    scheduler_template: Mapping[str, Any] | None = None
    scheduler_service_type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    idle_timeout: int = 600
    resource_timeout: int = 300

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"name {self.name!r}: Kubernetes takes up to 40 of a-z, 0-9 and '-', a letter first"
            )

    def cluster(self, instances: int) -> AbstractContextManager[Any]:
        """Creates the cluster's resources, with a worker for each instance."""
        return self._start(instances)

    @contextmanager
    def _start(self, instances: int) -> Iterator[Any]:
        with KubeCluster(
            custom_cluster_spec=self.manifest(instances, token=secrets.token_hex(4)),
            namespace=self.namespace,
            resource_timeout=self.resource_timeout,
            shutdown_on_close=True,
            quiet=True,
        ) as cluster:
            yield cluster

    async def shrink(self, cluster: Any, kept: Set[str]) -> None:
        """Deletes the deployments of the other workers: a worker's has its name.

        The worker group's `replicas` stay as they are. Were they lowered, the operator would choose
        by itself which workers to end; it compares them with what is there when they change.
        """
        ours = {"dask.org/workergroup-name": f"{cluster.name}-default"}
        async for each in Deployment.list(namespace=cluster.namespace, label_selector=ours):
            if isinstance(each, Deployment) and each.name not in kept:
                await each.delete()

    def manifest(self, instances: int, *, token: str) -> dict[str, Any]:
        """The `DaskCluster` that the operator makes pods of.

        Args:
            instances: How many workers there are.
            token: What makes its name this job's own.
        """
        ours = {_variable(key): json.dumps(value) for key, value in OWN_CONFIG.items()}
        made: dict[str, Any] = make_cluster_spec(
            name=f"{self.name}-{token}",
            image=self.image,
            n_workers=instances,
            resources=dict(self.resources or {}),
            env=[{"name": key, "value": value} for key, value in {**ours, **self.env}.items()],
            worker_command=list(self.worker_command),
            scheduler_service_type=self.scheduler_service_type,
            idle_timeout=self.idle_timeout,
        )
        templates = {"worker": self.worker_template, "scheduler": self.scheduler_template}
        for part, template in templates.items():
            pod = made["spec"][part]
            pod["spec"] = _laid_over(pod["spec"], template or {})
        return made


def _variable(key: str) -> str:
    """The environment variable that Dask reads a setting from."""
    return f"DASK_{key.upper().replace('.', '__').replace('-', '_')}"


def _laid_over(below: Any, above: Any) -> Any:
    """Mappings are merged key by key; anything else is replaced."""
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    both = {key: _laid_over(below[key], above[key]) for key in above if key in below}
    return {**below, **above, **both}
