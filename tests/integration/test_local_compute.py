"""The `local` compute: what it opens, and to whom."""

from __future__ import annotations

import subprocess
import sys
from urllib.request import urlopen

import psutil
import pytest
from distributed import Client

from framework.engine.local import LocalCompute


def _listening():
    sockets = psutil.Process().net_connections(kind="inet")
    return {(s.laddr.ip, s.laddr.port) for s in sockets if s.status == psutil.CONN_LISTEN}


@pytest.mark.parametrize("dashboard", [True, False])
def test_only_this_machine_can_reach_it(dashboard):
    before = _listening()
    with (
        LocalCompute(dashboard=dashboard).cluster(2) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        opened = _listening() - before
        link = client.dashboard_link

    assert opened
    assert {ip for ip, _ in opened} == {"127.0.0.1"}
    assert link.startswith("http://127.0.0.1:") if dashboard else not link


def test_the_dashboard_is_there_when_somebody_looks():
    with (
        LocalCompute().cluster(1) as cluster,
        Client(cluster, set_as_default=False) as client,
        urlopen(client.dashboard_link) as page,
        urlopen(client.dashboard_link.replace("/status", "/")) as start,
    ):
        assert b"bokeh" in page.read()
        assert start.url == client.dashboard_link


def test_nothing_of_the_dashboard_is_loaded_before():
    program = """
import sys
from framework.engine.local import LocalCompute
with LocalCompute().cluster(1):
    print(sorted(name for name in sys.modules if name == "bokeh"))
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.stdout == "[]\n", ended.stderr


def test_processes_and_threads_share_the_cores():
    compute = LocalCompute()
    for instances, processes in ((1, 1), (1, 2), (2, 2), (100, 100)):
        threads = compute.threads(instances, processes)
        assert threads >= 1
        assert threads == 1 or threads * instances * processes <= (psutil.cpu_count() or 1)
