from __future__ import annotations

import os

import pytest

from framework.engine.gpus import visible_gpus
from framework.errors import UsageError

TWO = """\
GPU 0: NVIDIA H200 (UUID: GPU-5f2e-1)
GPU 1: NVIDIA H200 (UUID: GPU-5f2e-2)
"""
CUT = """\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa)
  MIG 3g.20gb     Device  0: (UUID: MIG-bbbb)
  MIG 3g.20gb     Device  1: (UUID: MIG-cccc)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-dddd)
"""


@pytest.mark.parametrize(
    ("listed", "devices"),
    [(TWO, ("GPU-5f2e-1", "GPU-5f2e-2")), (CUT, ("MIG-bbbb", "MIG-cccc", "GPU-dddd"))],
)
def test_without_the_variable_all_that_are_listed_are_seen(listed, devices):
    assert visible_gpus({}, lambda: listed) == devices


@pytest.mark.parametrize(
    ("said", "devices"),
    [
        ("1", ("1",)),
        ("2, 0", ("2", "0")),
        ("GPU-5f2e-2,MIG-x/1/0", ("GPU-5f2e-2", "MIG-x/1/0")),
        ("0,-1,1", ("0",)),  # as CUDA has it: nothing is seen behind what is not there
    ],
)
def test_the_variable_is_believed(said, devices):
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": said}, lambda: pytest.fail("asked")) == devices


@pytest.mark.parametrize("said", ["", "-1", " ", "none", "NoDevFiles"])
def test_a_variable_that_hides_all_is_named(said):
    with pytest.raises(UsageError, match=f"CUDA_VISIBLE_DEVICES is {said!r}"):
        visible_gpus({"CUDA_VISIBLE_DEVICES": said})


def test_a_device_twice_is_refused():
    with pytest.raises(UsageError, match="twice"):
        visible_gpus({"CUDA_VISIBLE_DEVICES": "0,0"})


@pytest.mark.parametrize("answer", ["", "No devices found.\n"])
def test_a_machine_without_is_said(answer):
    with pytest.raises(UsageError, match="nvidia-smi lists none"):
        visible_gpus({}, lambda: answer)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (None, "there is no nvidia-smi here"),
        ("echo 'NVIDIA-SMI has failed'; exit 9", "nvidia-smi: NVIDIA-SMI has failed"),
    ],
)
def test_why_the_driver_can_not_be_asked_is_said(script, said, tmp_path, monkeypatch):
    if script is not None:
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin" if script else str(tmp_path))
    with pytest.raises(UsageError, match=said):
        visible_gpus({})
