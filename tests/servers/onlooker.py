"""What anybody can see of a job that runs on a cluster: pages, tasks, command lines."""

from __future__ import annotations

import contextlib
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import cloudpickle
import psutil
from distributed import Client, Security

from tests.servers.cluster import Cluster

ANSWERS_S = 60.0
OF_SCHEDULER = (
    "status",
    "tasks",
    "info/main/workers.html",
    "info/main/logs.html",
    "info/main/exceptions.html",
    "json/counts.json",
    "individual-plots.json",
    "metrics",
)
OF_WORKER = ("metrics", "profile")  # `status` goes on, and now and then fails in Dask's own plots
ABOUT_WORKER = ("worker", "logs", "call-stacks")


@contextmanager
def client_of(ours: Cluster) -> Iterator[Client]:
    """A client of a cluster, which has nothing to do with any job."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    security = Security(require_encryption=True, **ours.tls) if ours.tls else None
    with Client(ours.address, security=security, set_as_default=False) as client:
        yield client


def seen_on(ours: Cluster) -> dict[str, bytes]:
    """All that scheduler and workers show to whoever looks, by what it is."""
    with client_of(ours) as client:
        tasks: dict[str, bytes] = client.run_on_scheduler(_tasks)
        found = {"events": client.run_on_scheduler(_events), **tasks}
        about = client.scheduler_info(n_workers=-1)
        workers = about["workers"]
        for worker in workers.values():
            found |= _pages(worker["host"], worker["services"]["dashboard"], OF_WORKER)
        names = [f"info/{kind}/{_quoted(each)}.html" for each in workers for kind in ABOUT_WORKER]
        names += [f"info/task/{_quoted(key)}.html" for key in tasks]
        found |= _pages("127.0.0.1", about["services"]["dashboard"], (*OF_SCHEDULER, *names))
    return found


def command_lines(processes: Iterable[psutil.Process]) -> dict[str, bytes]:
    """How processes were started, by their numbers."""
    found = {}
    for process in processes:
        with contextlib.suppress(psutil.Error):
            found[f"process {process.pid}"] = " ".join(process.cmdline()).encode()
    return found


def _pages(host: str, port: int, names: Iterable[str]) -> dict[str, bytes]:
    found = {}
    for name in names:
        url = f"http://{host}:{port}/{name}"
        try:
            with urllib.request.urlopen(url, timeout=ANSWERS_S) as answer:
                found[url] = answer.read()
        except urllib.error.HTTPError as error:
            if error.code != 404 or "/task/" not in url:  # one that has ended since
                raise AssertionError(url) from error
    return found


def _quoted(name: str) -> str:
    return urllib.parse.quote(name, safe="")


def _tasks(dask_scheduler: Any) -> dict[str, bytes]:
    """What the scheduler holds of each task, arguments included; run there."""
    import pickle

    tasks = dask_scheduler.tasks.values()
    return {
        task.key: pickle.dumps(task.run_spec) + repr((task, task.annotations)).encode()
        for task in tasks
    }


def _events(dask_scheduler: Any) -> bytes:
    """What the scheduler remembers of what has happened; run there."""
    log = [*dask_scheduler.transition_log, dask_scheduler.get_events()]
    log.append(dask_scheduler.identity())  # json/identity.json fails where a worker has worked
    return repr(log).encode(errors="surrogateescape")
