"""The compute `slurm`, against a real SLURM."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import pytest

from tests.servers.slurm import slurm

SCRIPT = """
    import os
    from notes import note_files
    def run(mini_batch):
        note_files(mini_batch)
        return [{"name": os.path.basename(file), "in": "SLURM_JOB_ID" in os.environ}
                for file in mini_batch]
"""
SLOW = SCRIPT.replace("return", "import time; time.sleep(600)\n        return")
HELD = """
    import os, time
    gate = os.path.join(os.path.dirname(os.environ["BENCH_LOG"]), "gate")
    def run(mini_batch):
        while "f00000.txt" in mini_batch[0] and not os.path.exists(gate):
            time.sleep(0.05)
        return [{"name": os.path.basename(file)} for file in mini_batch]
"""
DEATH_S = 15  # from its start on: it has to be there in that time, too


@pytest.fixture(scope="module")
def config():
    with slurm() as file:
        yield file


@pytest.fixture
def bench(bench, config, monkeypatch):
    monkeypatch.setenv("SLURM_CONF", str(config))
    return bench


@pytest.fixture
def queue(bench):
    """Overrides that choose it."""
    python = bench.root / "python"
    there = {key: bench.environment()[key] for key in ("BENCH_MARKER", "BENCH_LOG", "PYTHONPATH")}
    variables = " ".join(f"{key}={shlex.quote(value)}" for key, value in there.items())
    python.write_text(f'#!/bin/sh\nexec env {variables} {sys.executable} "$@"\n')
    python.chmod(0o755)
    settings = {
        "job_name": bench.root.parent.name,
        "cores": 1,
        "memory": "200MB",
        "queue": "test",
        "python": python,
        "shared_temp_directory": bench.tmp,
        "death_timeout": DEATH_S,
    }
    return ["compute=slurm", *(f"++compute.{key}={value}" for key, value in settings.items())]


def jobs(*options):
    words = ["squeue", "--noheader", "--format=%i %T %j", *options]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


def test_as_many_jobs_as_have_work_give_the_rows_and_leave_the_queue_empty(bench, queue):
    bench.files(12)
    bench.script(SCRIPT)
    ended = bench.invoke(*queue, "resources.instance_count=5", "mini_batch_size=6").check()
    name = bench.root.parent.name
    assert len([job for job in jobs("--states=all") if job.endswith(name)]) == 2
    assert ended.lines == ["name,in", *(f"f{place:05d}.txt,True" for place in range(12))]
    assert not [job for job in jobs() if "COMPLETING" not in job]
    assert not list(bench.root.glob("slurm-*.out"))
    assert not [path for path in bench.tmp.iterdir() if path.name.startswith(".dask-batch")]


def test_jobs_without_work_are_canceled_and_so_are_those_still_in_the_queue(bench, queue):
    bench.files(12)
    bench.script(HELD)
    running = bench.start(
        *queue,
        "++compute.cores=2",  # two jobs fill the node, and the third waits
        "resources.instance_count=3",
        "compute.idle_time_before_scale_down=1",
        "retry_settings.timeout=200",
    )
    assert running.wait_until_said("is given back after 1 s without work")
    name = bench.root.parent.name
    assert running.wait_until(lambda: len([job for job in jobs() if " RUNNING " in job]) == 1)
    assert running.wait_until(lambda: not [job for job in jobs() if "PENDING" in job])
    assert running.process.poll() is None
    assert len([job for job in jobs("--states=all") if job.endswith(name)]) == 3
    (bench.root / "gate").touch()
    ended = running.end().check()

    assert ended.lines == ["name", *(f"f{place:05d}.txt" for place in range(12))]
    assert ended.err.count("is given back") == 1


def test_what_the_queue_refuses_is_said_in_its_words(bench, queue):
    bench.files(1)
    bench.script(SCRIPT)
    told = bench.invoke(*queue, "compute.queue=nowhere").check(1).err
    assert "no job could be submitted: sbatch: error: invalid partition specified: nowhere" in told


def test_when_the_driver_is_killed_its_workers_end_themselves(bench, queue):
    bench.files(4)
    bench.script(SLOW)
    running = bench.start(*queue)
    assert running.wait_until(lambda: bool(bench.noted))
    assert any("RUNNING" in job for job in jobs())
    running.kill()
    assert bench.survivors() == []


def test_wrong_settings_are_found_before_anything_starts(bench, queue):
    bench.files(1)
    bench.script(SCRIPT)
    said = bench.invoke(*queue, "++compute.walltime=36000", "++compute.partition=x").check(2).err
    assert "compute.walltime: must be a text, is 36000" in said
    assert "takes no 'partition'" in said
    without = {"PATH": os.path.dirname(sys.executable)}
    assert "there is no sbatch on this machine" in bench.invoke(*queue, env=without).check(2).err
    assert not bench.record().exists()
