"""Computes of every type, as the verbs make and change them."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def compute(bench):
    (bench.root / "conf").mkdir()
    (bench.root / "conf" / "config.yaml").write_text("{}\n")

    def run(*words):
        return bench.run("compute", *words).end()

    return run


def test_a_computes_settings_are_checked_by_its_type_before_they_are_written(compute, bench):
    lab = ("create", "--name", "lab", "--set", "type=ssh", "--set", "hosts=[a,b]")
    wrong = compute(*lab, "--set", "remote_pyton=x", "--set", "port=abc").check(2)
    assert "takes no 'remote_pyton', did you mean 'remote_python'?" in wrong.err
    assert "compute.port: must be a whole number, is 'abc'" in wrong.err
    assert "did you mean 'ssh'?" in compute("create", "lab", "--set", "type=shh").check(2).err
    assert not (bench.root / "conf" / "compute").exists()

    compute(*lab, "--set", "wait_timeout=60").check()
    compute("update", "lab", "--set", "nthreads=2").check()
    assert "nthreads" in compute("update", "lab", "--set", "nthreads=x").check(2).err
    shown = json.loads(compute("show", "lab", "-o", "json").check().out)
    assert shown == {
        "name": "lab",
        "type": "ssh",
        "hosts": ["a", "b"],
        "wait_timeout": 60,
        "nthreads": 2,
    }
