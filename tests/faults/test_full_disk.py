"""The disk is full, for a while: a small one, or a limit on the size of files."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from functools import partial

import pytest

from tests.servers.cluster import cluster

SCRIPT = """
    import os, resource, time
    from notes import note_files
    def run(mini_batch):
        time.sleep(0.02)
        note_files(mini_batch)
        return [{"file": os.path.basename(file), "text": "x" * 20_000} for file in mini_batch]
"""


@pytest.mark.parametrize("most", [4_000, 300_000])
def test_a_job_that_can_write_no_more_ends_as_failed_and_goes_on_when_there_is_room(bench, most):
    bench.files(40)
    bench.script(SCRIPT)
    full = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    ended = bench.invoke(preexec_fn=full)

    assert ended.code == 1, ended.err
    assert "error: " in ended.err
    assert "Traceback" not in ended.err
    assert "bug" not in ended.err
    assert not list((bench.workspace / "outputs").rglob("predictions.csv"))
    kept = set(bench.ledgered())
    noted = len(bench.noted)

    resumed = bench.resume().check()

    assert resumed.counts["succeeded"] == resumed.counts["rows"] == 40
    assert resumed.counts["failed"] == 0
    assert len(bench.noted) - noted == 40 - len(kept)
    assert list(resumed.output.parent.iterdir()) == [resumed.output]


WRITES = """
    import os
    from notes import note_files
    def run(mini_batch):
        note_files(mini_batch)
        name = os.path.basename(mini_batch[0])
        with open(os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], name), "w") as file:
            file.write("y" * 50_000)
        return [{"file": name, "text": "x" * 60_000}]
"""


def may_mount():
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"):
        return False
    probe = ["unshare", "--mount", "mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", "/mnt"]
    return shutil.which("unshare") and not subprocess.run(probe, capture_output=True).returncode


@pytest.fixture
def disk():
    """Makes a folder a disk of its own; called again for it, its size is changed."""
    if not may_mount():
        pytest.skip("only root can mount a small disk")
    mounted = []

    def make(folder, size):
        folder.mkdir(parents=True, exist_ok=True)
        again = ["-o", f"remount,size={size}"] if folder in mounted else ["-o", f"size={size}"]
        subprocess.run(["mount", "-t", "tmpfs", *again, "tmpfs", str(folder)], check=True)
        mounted.append(folder)

    yield make
    for folder in set(mounted):
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize(
    ("place", "size"), [("scratch", 40_960), ("workspace", "1m"), ("out", "1m")]
)
def test_a_disk_without_room_fails_the_job_and_no_file(bench, disk, place, size):
    bench.files(30)
    bench.script(WRITES)
    folder = {"scratch": bench.tmp}.get(place, bench.root / place)
    disk(folder, size)
    words = [f"output.path={bench.root / 'out'}", "retry_settings.max_retries=1"]

    ended = bench.invoke(*words)

    assert ended.code == 1, ended.err
    assert "no space left on device" in ended.err.lower()
    assert "Traceback" not in ended.err
    assert "internal error" not in ended.err
    assert not (bench.root / "out" / "predictions.csv").exists()
    noted, kept = len(bench.noted), set(bench.ledgered())

    disk(folder, "64m")
    resumed = bench.resume().check()

    assert resumed.counts["succeeded"] == resumed.counts["rows"] == 30
    assert resumed.counts["failed"] == 0
    assert len(bench.noted) - noted == 30 - len(kept)
    names = sorted(os.listdir(bench.root / "out"))
    assert names == [*(f"f{n:05d}.txt" for n in range(30)), "predictions.csv"]
    assert resumed.lines[1:] == [f"f{n:05d}.txt,{'x' * 60_000}" for n in range(30)]
    assert not list((resumed.record / "staging").rglob("*"))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_one_instance_whose_disk_is_full_is_left_out_and_the_others_go_on(bench, disk):
    bench.files(30)
    bench.script(WRITES)
    small = bench.root / "small"
    disk(small, 40_960)
    words = [f"output.path={bench.root / 'out'}", "resources.instance_count=2"]
    with cluster(0, env={"BENCH_LOG": str(bench.log)}) as ours:
        ours.add_worker(TMPDIR=str(small))
        ours.add_worker()
        done = bench.invoke(*ours.overrides, *words).check()
        assert not ours.survivors()

    assert " is left out: " in done.err
    assert "no space left on device" in done.err.lower()
    assert done.counts["succeeded"] == done.counts["rows"] == 30
    assert done.lines[1:] == [f"f{n:05d}.txt,{'x' * 60_000}" for n in range(30)]
