"""The compute `ssh`, against a real sshd."""

from __future__ import annotations

import shlex
import sys

import pytest

from tests.servers.sshd import sshd

SCRIPT = """
    import os
    from notes import note_files
    def run(mini_batch):
        note_files(mini_batch)
        assert not [name for name in os.environ if name.startswith("DASK_INTERNAL")]
        return [{"name": os.path.basename(file), "over": "SSH_CLIENT" in os.environ}
                for file in mini_batch]
"""


HELD = """
    import os, time
    gate = os.path.join(os.path.dirname(os.environ["BENCH_LOG"]), "gate")
    def run(mini_batch):
        while "f00000.txt" in mini_batch[0] and not os.path.exists(gate):
            time.sleep(0.05)
        return [{"name": os.path.basename(file)} for file in mini_batch]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def hosts(bench, server):
    """Overrides that choose this machine, as often as wanted."""
    python = bench.root / "python here"
    there = {key: bench.environment()[key] for key in ("BENCH_MARKER", "BENCH_LOG", "PYTHONPATH")}
    variables = " ".join(f"{key}={shlex.quote(value)}" for key, value in there.items())
    python.write_text(f'#!/bin/sh\nexec env {variables} {sys.executable} "$@"\n')
    python.chmod(0o755)

    def choose(*hosts, **more):
        settings = {
            "hosts": f"[{','.join(hosts)}]",
            "known_hosts": server.known_hosts,
            "identity_files": f"[{server.client_key}]",
            "remote_python": python,
            "username": server.username,
            "connect_timeout": 60,
            **more,
        }
        return ["compute=ssh", *(f"++compute.{key}={value}" for key, value in settings.items())]

    return choose


@pytest.mark.parametrize("scheduler", ["here", "there"])
def test_a_job_on_two_hosts_gives_the_rows_and_leaves_nothing_there(
    bench, hosts, server, scheduler
):
    bench.files(12)
    bench.script(SCRIPT)
    host = f"127.0.0.1:{server.port}"
    where = "here" if scheduler == "here" else host

    ended = bench.invoke(
        *hosts(host, host, scheduler=where), "resources.instance_count=2", "mini_batch_size=2"
    ).check()

    assert ended.lines == ["name,over", *(f"f{place:05d}.txt,True" for place in range(12))]
    assert {name[: len("instance-N")] for name in bench.logs()} == {"instance-0", "instance-1"}
    said = "".join(path.read_text(errors="replace") for path in bench._said.iterdir())
    assert "PRIVATE KEY" not in said


def test_a_host_without_work_is_given_back_before_the_job_ends(bench, hosts, server):
    bench.files(6)
    bench.script(HELD)
    host = f"127.0.0.1:{server.port}"
    running = bench.start(
        *hosts(host, host),
        "resources.instance_count=2",
        "compute.idle_time_before_scale_down=1",
        "retry_settings.timeout=200",
    )

    def workers():
        found = [each.as_dict(["pid", "cmdline"]) for each in bench.processes()]
        return [each for each in found if "framework.engine.tethered" in (each["cmdline"] or ())]

    told = "is given back after 1 s without work (compute.idle_time_before_scale_down)"
    assert running.wait_until_said(told)
    assert running.wait_until(lambda: len(workers()) == 1)
    assert running.process.poll() is None
    (bench.root / "gate").touch()
    ended = running.end().check()

    assert ended.lines == ["name", *(f"f{place:05d}.txt" for place in range(6))]
    assert len(bench.logs()) == 2


def test_a_host_that_can_not_be_used_is_named_and_the_others_do_the_work(bench, hosts, server):
    bench.files(4)
    bench.script(SCRIPT)
    good, closed = f"127.0.0.1:{server.port}", "127.0.0.1:1"
    ended = bench.invoke(*hosts(good, closed), "resources.instance_count=2").check()
    assert ended.counts["succeeded"] == 4
    assert "Connection refused" in ended.err


def test_without_a_host_that_can_be_used_the_job_fails_and_can_be_resumed(
    bench, hosts, server, tmp_path
):
    bench.files(4)
    bench.script(SCRIPT)
    nobody = tmp_path / "known_hosts"
    nobody.touch()
    host = f"127.0.0.1:{server.port}"
    ended = bench.invoke(*hosts(host, known_hosts=nobody)).check(1)
    assert "no host can be used" in ended.err
    assert "see compute.known_hosts" in ended.err
    assert (
        bench.resume(f"compute.known_hosts={server.known_hosts}").check().counts["succeeded"] == 4
    )


def test_wrong_settings_are_found_before_anything_starts(bench, hosts):
    bench.files(1)
    bench.script(SCRIPT)
    told = bench.invoke(*hosts("a b@:x", known_hosts="/nowhere/known")).check(2).err
    assert "compute.hosts: 'a b@:x' is no machine" in told
    told = bench.invoke(*hosts("a", remote_pyton="b")).check(2).err
    assert "takes no 'remote_pyton', did you mean 'remote_python'?" in told
    assert not bench.record().exists()


def test_when_the_driver_is_killed_nothing_stays_on_the_hosts(bench, hosts, server):
    bench.files(4)
    bench.script(
        SCRIPT.replace(
            "note_files(mini_batch)", "note_files(mini_batch); import time; time.sleep(600)"
        )
    )
    running = bench.start(*hosts(f"127.0.0.1:{server.port}"))
    assert running.wait_until(lambda: bool(bench.noted))
    assert len(bench.processes()) > 2
    running.kill()
    assert bench.survivors() == []
