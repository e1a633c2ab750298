"""With devices that are only said to be there: no GPU is needed to give each instance its own."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from distributed import Client

from framework.engine.lease import for_instance
from framework.engine.local_cuda import LocalCudaCompute
from framework.engine.work import PoolSpec
from framework.errors import UsageError
from framework.scoring.launch import Launch


@pytest.fixture
def two(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a,3")
    return LocalCudaCompute(dashboard=False)


def _environment(dask_worker):
    return dask_worker.scorer_environment


def test_each_instance_has_one_device_to_itself(two):
    with two.cluster(2) as cluster, Client(cluster, set_as_default=False) as client:
        seen = client.run(_environment)
    assert sorted(each["CUDA_VISIBLE_DEVICES"] for each in seen.values()) == ["3", "GPU-a"]


def test_more_instances_than_devices_are_refused(two):
    with pytest.raises(UsageError, match="instance_count is 3, and 2 GPUs are visible"):
        two.cluster(3).__enter__()


def test_a_machine_without_devices_is_refused_when_the_compute_is_chosen(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(UsageError, match="no GPU can be used"):
        LocalCudaCompute()


def test_an_instances_own_variables_win_in_its_scorer_processes():
    launch = Launch(
        factory="a:B",
        params={},
        environment_variables={"CUDA_VISIBLE_DEVICES": "0,1", "MINE": "x"},
        encoding=None,
        reserved="out.csv",
        logging_level="info",
        timeout_s=1.0,
        init_timeout_s=1.0,
    )
    spec = PoolSpec(
        key="k",
        launch=launch,
        processes=1,
        input_root="/in",
        staging="/staging",
        logs="/logs",
        max_tries=1,
    )
    instance = SimpleNamespace(scorer_environment={"CUDA_VISIBLE_DEVICES": "GPU-a"})
    own = for_instance(spec, instance).launch.environment_variables
    assert own == {"CUDA_VISIBLE_DEVICES": "GPU-a", "MINE": "x"}
    assert for_instance(spec, SimpleNamespace()) is spec
