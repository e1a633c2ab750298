"""Jobs on a real Dask cluster: who serves, and what is left there."""

from __future__ import annotations

import os
import shutil
import socket
import sys

import cloudpickle
import pytest

from tests.servers.cluster import cluster
from tests.servers.onlooker import client_of

pytestmark = pytest.mark.timeout(300)

FILES = 60
SCRIPT = """
    import os, time
    gate = os.path.join(os.path.dirname(os.environ["BENCH_LOG"]), "gate")
    def run(mini_batch):
        while not os.path.exists(gate):
            time.sleep(0.05)
        return [os.path.basename(file) for file in mini_batch]
"""


@pytest.fixture
def filled(bench):
    bench.files(FILES)
    bench.script(SCRIPT)
    return bench


@pytest.fixture
def expected() -> bytes:
    names = [f"f{place:05d}.txt" for place in range(FILES)]
    return ("file,prediction\n" + "".join(f"{each},{each}\n" for each in names)).encode()


def logging_instances(bench, name: str = "job") -> set[str]:
    """The instances whose scorer processes have logs."""
    return {log.rpartition("-")[0] for log in bench.logs(name)}


def of_scheduler(dask_scheduler) -> dict[str, object]:
    """What a scheduler holds."""
    return {
        "tasks": list(dask_scheduler.tasks),
        "plugins": sorted(dask_scheduler.plugins),
        "worker_plugins": sorted(dask_scheduler.worker_plugins),
        "extensions": sorted(dask_scheduler.extensions),
        "handlers": sorted(dask_scheduler.handlers),
    }


def of_worker(dask_worker) -> dict[str, object]:
    """What a worker holds of ours."""
    import sys
    import threading

    lease = sys.modules.get("framework.engine.lease")
    return {
        "leases": list(lease.leases()) if lease else [],
        "threads": [each.name for each in threading.enumerate() if "pool" in each.name],
        "keys": list(dask_worker.state.tasks),
        "plugins": sorted(dask_worker.plugins),
    }


def held(ours) -> dict[str, object]:
    """What everyone there holds."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with client_of(ours) as client:
        workers = client.run(of_worker)
        return {"scheduler": client.run_on_scheduler(of_scheduler), "workers": workers}


def sum_on(ours, worker) -> int:
    """What a worker makes of an ordinary task."""
    with client_of(ours) as client:
        (address,) = (each for each in client.run(os.getpid) if f"//{worker.host}:" in each)
        return client.submit(sum, [1, 2, 3], workers=[address]).result(60)


@pytest.mark.parametrize(("tls", "nthreads"), [(True, 8), (False, 1)], ids=["tls-8", "tcp-1"])
def test_late_workers_are_taken_up_to_the_count_and_nothing_is_left(
    filled, expected, tls, nthreads
):
    bench = filled
    with cluster(
        2,
        namespaces=True,
        tls=tls,
        nthreads=nthreads,
        visible=[bench.root],
        env={"BENCH_LOG": str(bench.log)},
    ) as ours:
        before = held(ours)["scheduler"]
        stranger = ours.add_worker(has_ours=False)
        running = bench.start(
            *ours.overrides, "resources.instance_count=4", "retry_settings.timeout=100"
        )
        assert running.wait_until_said("2 of 4 instances are here: the job starts with them")
        late = [ours.add_worker(wait=False), ours.add_worker(wait=False)]
        assert running.wait_until(lambda: all(each.host in running.err for each in late))
        assert running.wait_until(lambda: len(logging_instances(bench)) == 4)
        (bench.root / "gate").touch()
        ended = running.end().check()

        assert ended.data == expected
        assert f"not used: {'tls' if tls else 'tcp'}://{stranger.host}" in ended.err
        assert "no dask-batch-endpoints: pip install 'dask-batch-endpoints==" in ended.err
        assert logging_instances(bench) == {f"instance-{number}" for number in range(4)}

        (bench.root / "gate").unlink()
        two = bench.start(*ours.overrides, "resources.instance_count=2", name="two")
        assert two.wait_until(lambda: len(logging_instances(bench, "two")) == 2)
        (bench.root / "gate").touch()
        assert two.end().check().data == expected
        assert len(logging_instances(bench, "two")) == 2

        assert not ours.survivors()
        after = held(ours)
        assert after["scheduler"] == before
        empty = {"leases": [], "threads": [], "keys": [], "plugins": ["shuffle"]}
        assert list(after["workers"].values()) == [empty] * 5
        newcomer = ours.add_worker(has_ours=False)
        assert sum_on(ours, newcomer) == 6
        assert not ours.logs().count("Traceback"), ours.logs()


def test_two_jobs_of_one_name_at_once_have_pools_of_their_own(benches, expected):
    one, other = benches("one"), benches("other")
    for bench in (one, other):
        bench.files(FILES)
        bench.script(SCRIPT)
        (bench.root / "gate").touch()
    env = {"BENCH_LOG": str(one.log)}
    with cluster(2, visible=[one.root, other.root], env=env) as ours:
        running = [
            each.start(*ours.overrides, "resources.instance_count=2") for each in (one, other)
        ]
        assert [each.end().check().data for each in running] == [expected] * 2
        assert not ours.survivors()


def test_what_instances_do_not_see_is_sent_staged_elsewhere_or_named(bench, tmp_path, expected):
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "gate").touch()
    bench.script(SCRIPT)
    bench.files(FILES)
    env = {"BENCH_LOG": str(shared / "log")}
    with cluster(2, namespaces=True, visible=[shared], env=env) as ours:
        words = [*ours.overrides, "resources.instance_count=2"]
        unseen = bench.invoke(*words, f"output.path={shared}/out", name="unseen").check(2)
        assert "error: input: not every instance sees it (instance-0: " in unseen.err
        assert f"{bench.data}/f00000.txt is not there); give a URL, or a folder" in unseen.err

        shutil.move(bench.data, shared / "data")
        seen = f"input={shared}/data"
        nowhere = bench.invoke(*words, seen, name="nowhere").check(2)
        assert "error: workspace: not every instance sees it (instance-0: " in nowhere.err
        assert not bench.logs("nowhere")

        there = bench.invoke(*words, seen, f"output.path={shared}/out").check()
        assert there.data == expected
        assert list((shared / "out").iterdir()) == [there.output]
        assert logging_instances(bench)
        assert logging_instances(bench) <= {"instance-0", "instance-1"}
        assert not ours.survivors()


def test_where_nobody_can_serve_the_job_fails_and_says_why(filled):
    with cluster(0) as ours:
        ours.add_worker(has_ours=False)
        ended = filled.invoke(*ours.overrides).check(1)
        assert "no worker can serve: " in ended.summary["error"]
        assert "pip install 'dask-batch-endpoints==" in ended.summary["error"]

        told = filled.invoke(*ours.overrides, "compute.wait_timeout=1", name="none")
        assert told.code == 1


def test_a_port_that_says_nothing_is_a_failure_in_one_line(filled):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"tcp://127.0.0.1:{deaf.getsockname()[1]}"
        words = [f"compute.address={address}", "compute.connect_timeout=1"]
        ended = filled.invoke("compute=dask", *words).check(1)
    error = ended.summary["error"]
    assert error.startswith("no Dask scheduler can be reached: ")
    assert address in error
    assert "Traceback" not in ended.err


def test_a_scheduler_of_the_other_scheme_is_a_hint(filled):
    def error_at(address: str, *words: str) -> str:
        address_there = f"compute.address={address}"
        words = ["compute=dask", address_there, "compute.connect_timeout=3", *words]
        return filled.invoke(*words, name=address[:3]).check(1).summary["error"]

    with cluster(0, tls=True) as with_tls, cluster(0) as without:
        told = error_at(with_tls.address.replace("tls://", "tcp://"))
        assert told.endswith("is it a scheduler, and not rather one with TLS (tls://)?")
        files = [word for word in with_tls.overrides if word.startswith("compute.tls_")]
        told = error_at(without.address.replace("tcp://", "tls://"), *files)
        assert told.endswith("is it a scheduler, and not rather one without TLS (tcp://)?")
