"""What can happen to a cluster while a job runs on it: the output is the one of an undisturbed job.

Workers are on machines of their own, so to speak: they share the bench's folder, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.servers.cluster import Cluster, Process, cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FILES = 90
SCRIPT = """
    import hashlib, os, time
    from notes import note_files
    def run(mini_batch):
        time.sleep(0.25)
        note_files(mini_batch)
        return [hashlib.sha256(os.path.basename(file).encode()).hexdigest() for file in mini_batch]
"""


HIDING = """
    def init():
        import subprocess, sys
        fork = "import os, time; os.fork() and os._exit(0); os.setsid(); time.sleep(1000)"
        subprocess.run([sys.executable, "-c", fork], check=True)
"""


@pytest.fixture
def grid(bench) -> Iterator[Callable[..., Cluster]]:
    """Starts a cluster whose workers see the bench; nothing of a job may be left there."""
    bench.files(FILES)
    bench.script(SCRIPT)
    import contextlib

    with contextlib.ExitStack() as stack:
        made: list[Cluster] = []

        def start(workers: int, **options) -> Cluster:
            env = {"BENCH_LOG": str(bench.log), **options.pop("env", {})}
            here = cluster(workers, visible=[bench.root], env=env, **options)
            made.append(stack.enter_context(here))
            return made[-1]

        yield start
        for each in made:
            assert not each.survivors(), each.logs()


@pytest.fixture
def expected() -> bytes:
    import hashlib

    names = [f"f{place:05d}.txt" for place in range(FILES)]
    rows = "".join(f"{each},{hashlib.sha256(each.encode()).hexdigest()}\n" for each in names)
    return f"file,prediction\n{rows}".encode()


def test_workers_that_die_freeze_and_are_cut_off_cost_nothing(bench, grid, expected):
    ours = grid(4, namespaces=True, tls=True)
    killed, frozen, cut, _healthy = ours.workers
    running = bench.start(*ours.overrides, "resources.instance_count=4")
    assert running.wait_until(lambda: len(bench.noted) >= 8)
    killed.kill()
    frozen.freeze()
    cut.cut()
    assert running.wait_until(lambda: running.err.count(" is lost: ") == 3), running.err
    late = ours.add_worker()
    assert running.wait_until_said(late.host)
    frozen.thaw()
    cut.mend()

    ended = running.end().check()
    assert ended.data == expected
    assert (ended.counts["tries"], ended.counts["failed"]) == (FILES, 0)
    assert re.search(
        r"instance-\d \(\S+\) is lost: it is gone; what it had is scored else", ended.err
    )
    assert "it was not heard of for 10 s" in ended.err


def test_a_dead_scheduler_ends_the_job_which_can_be_resumed(bench, grid, expected):
    ours = grid(2)
    running = bench.start(*ours.overrides, "resources.instance_count=2")
    assert running.wait_until(lambda: len(bench.noted) >= 8)
    ours.scheduler.kill()
    ended = running.end().check(1)
    assert f"the connection to the scheduler at {ours.address} is lost" in ended.summary["error"]
    assert ended.err.count("Traceback") == 0, ended.err
    assert not ours.survivors()

    ours.start_scheduler()
    ours.add_worker()
    scored = set(bench.ledgered())
    again = bench.resume(f"compute.address={ours.address}").check()
    assert again.data == expected
    assert scored


def test_a_killed_driver_leaves_nothing_on_the_cluster(bench, grid, expected):
    ours = grid(2, nthreads=8)
    bench.script(SCRIPT + HIDING)  # grandchildren, in sessions of their own
    running = bench.start(*ours.overrides, "resources.instance_count=2")
    assert running.wait_until(lambda: len(bench.noted) >= 8)
    assert any("os.setsid" in each for each in ours.ours())
    running.kill()
    assert not ours.survivors()

    assert bench.resume().check().data == expected


def test_a_job_waits_for_instances_that_are_all_gone(bench, grid, expected):
    ours = grid(1)
    running = bench.start(*ours.overrides, "compute.wait_timeout=60")
    assert running.wait_until(lambda: len(bench.noted) >= 4)
    ours.workers[0].kill()
    assert running.wait_until_said("no instance is left: the job waits for one, up to 60 s")
    ours.add_worker(nanny=True)

    assert running.end().check().data == expected


def test_a_worker_that_was_given_back_finishes_what_a_lost_one_had(bench, grid, expected):
    gate = bench.root / "gate"
    held = (
        f"while 'f00000' in mini_batch[0] and not os.path.exists({str(gate)!r}): time.sleep(0.05)"
    )
    bench.script(SCRIPT.replace("time.sleep(0.25)", held))
    ours = grid(2)
    told = "is given back after 1 s without work"
    running = bench.start(
        *ours.overrides,
        "resources.instance_count=2",
        "compute.idle_time_before_scale_down=1",
        "retry_settings.timeout=200",
    )
    assert running.wait_until(lambda: told in running.err)
    assert running.wait_until(lambda: len(bench.logs()) == 2 and len(scorers(ours)) == 1)
    (last,) = scorers(ours)
    last.kill()
    assert running.wait_until_said(" is lost: it is gone; what it had is scored elsewhere")
    gate.touch()
    ended = running.end().check()

    assert ended.data == expected
    assert ended.err.count(" joins the job") == 1


def scorers(ours: Cluster) -> list[Process]:
    """The workers that have scorer processes now."""
    alive = {int(each.partition(":")[0]) for each in ours.ours()}
    return [each for each in ours.workers if alive & {below.pid for below in each.tree}]
