"""What is sent to Kubernetes, by the schemas that its operator is installed with."""

from __future__ import annotations

import asyncio
from importlib import resources
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
import yaml
from kr8s.asyncio.objects import Deployment

from framework.engine.kubernetes import KubernetesCompute


def schema() -> dict[str, Any]:
    chart = resources.files("dask_kubernetes") / "operator/deployment/helm/dask-kubernetes-operator"
    path = chart / "crds" / "daskcluster.yaml"
    definition = yaml.safe_load(path.read_text(encoding="utf-8"))
    (version,) = definition["spec"]["versions"]
    return version["schema"]["openAPIV3Schema"]


def test_the_manifest_is_what_the_operators_schema_asks_for():
    compute = KubernetesCompute(
        image="ours:1",
        resources={"limits": {"cpu": "2", "memory": "4Gi"}},
        env={"STAGE": "test"},
        worker_template={"nodeSelector": {"gpu": "yes"}, "serviceAccountName": "scorer"},
    )
    manifest = compute.manifest(3, token="a1")
    jsonschema.validate(manifest, schema())
    assert manifest["metadata"]["name"] == "batch-endpoint-a1"
    worker = manifest["spec"]["worker"]
    assert worker["replicas"] == 3
    assert worker["spec"]["nodeSelector"] == {"gpu": "yes"}
    (container,) = worker["spec"]["containers"]
    assert container["image"] == "ours:1"
    assert container["resources"] == {"limits": {"cpu": "2", "memory": "4Gi"}}
    env = {each["name"]: each["value"] for each in container["env"]}
    assert env["STAGE"] == "test"
    assert env["DASK_DISTRIBUTED__SCHEDULER__WORK_STEALING"] == "false"


def test_a_template_that_is_none_is_found_by_that_schema():
    broken = KubernetesCompute(image="ours:1", worker_template={"containers": "none"})
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken.manifest(1, token="a1"), schema())


@pytest.mark.parametrize("name", ["", "Big", "a_b", "-a", "a" * 50])
def test_a_name_that_kubernetes_would_refuse_is_said(name):
    with pytest.raises(ValueError, match="Kubernetes takes"):
        KubernetesCompute(image="ours:1", name=name)


def test_of_workers_without_work_the_deployments_are_deleted(monkeypatch):
    asked, deleted = [], []

    async def listed(**options):
        asked.append(options)
        for name in ("job-default-worker-1", "job-default-worker-2"):
            yield Deployment({"metadata": {"name": name}}, api=object())

    async def delete(self):
        deleted.append(self.name)

    monkeypatch.setattr(Deployment, "list", listed)
    monkeypatch.setattr(Deployment, "delete", delete)
    cluster = SimpleNamespace(name="job", namespace="batch")
    asyncio.run(KubernetesCompute(image="ours:1").shrink(cluster, {"job-default-worker-2"}))

    labels = {"dask.org/workergroup-name": "job-default"}
    assert asked == [{"namespace": "batch", "label_selector": labels}]
    assert deleted == ["job-default-worker-1"]
