"""Instances without work are given back, and what comes after that."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import psutil
import pytest
from distributed import LocalCluster, SpecCluster

from framework.domain.idleness import Idleness
from framework.domain.mini_batches import MiniBatch
from framework.engine import recruiting
from framework.engine.contract import Compute
from framework.engine.dispatch import Dispatcher
from framework.engine.local import LocalCompute
from framework.engine.pools import Pools
from framework.engine.roster import Roster
from framework.engine.session import open_session
from framework.engine.survey import Surveyed

PATIENCE_S = 60.0


class Source:
    """Mini-batches that are all there from the start."""

    is_complete = True

    def __init__(self, batches: list[MiniBatch]) -> None:
        self._batches = batches

    def take(self) -> MiniBatch | None:
        return self._batches.pop(0) if self._batches else None

    @property
    def is_exhausted(self) -> bool:
        return not self._batches

    @property
    def remaining(self) -> int:
        return len(self._batches)


class Started(LocalCompute):
    """Instances in this process, which are taken for a cluster that was started for the job."""

    is_in_process = False


def gated(site) -> str:
    """A script that stays at the first mini-batch, and tells of its processes."""
    return f"""
import os, time
def note(name):
    with open(os.path.join({str(site.root)!r}, name), "a") as file:
        file.write(f"{{os.getpid()}}\\n")
def init():
    note("loaded")
def run(mini_batch):
    if os.path.basename(mini_batch[0]) == "0.txt":
        note("held")
        while not os.path.exists(os.path.join({str(site.root)!r}, "gate")):
            time.sleep(0.01)
    return [1]
"""


class Run:
    """A job's dispatch in a thread of its own."""

    def __init__(self, site, *, compute, idleness, instances=2, source=None):
        self.notices: list[str] = []
        self.found: list[int] = []
        self._site, self._compute = site, compute
        self._idleness, self._instances = idleness, instances
        self._source = source or Source(site.batches(6))
        self._thread = threading.Thread(target=self._run)
        self.session = self.dispatcher = None

    def _run(self) -> None:
        opened = open_session(self._compute, self._instances, PATIENCE_S, self.notices.append)
        spec = self._site.spec(gated(self._site))
        with opened as self.session, Pools(self.session, spec, on_state=lambda _: None) as pools:
            source, idleness = self._source, self._idleness
            self.dispatcher = Dispatcher(self.session, pools, source, idleness=idleness)
            receipts = [receipt for each in self.dispatcher.receipts() for receipt in each]
        self.found = sorted(done.index for receipt in receipts for done in receipt.outcomes)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        (self._site.root / "gate").touch()
        self._source.is_complete = True
        if self.dispatcher is not None:
            self.dispatcher.wake()
        self._thread.join()


def alive(site) -> set[int]:
    return {int(pid) for pid in site.noted("loaded") if psutil.pid_exists(int(pid))}


GIVEN_BACK = "is given back after 0.1 s without work (compute.idle_time_before_scale_down)"


@pytest.mark.parametrize("kind", [LocalCompute, Started])
def test_who_has_no_work_ends_before_the_job_does(site, wait_until, kind):
    compute = kind(dashboard=False)
    with Run(site, compute=compute, idleness=Idleness(0.1)) as run:
        wait_until(lambda: len(site.noted("loaded")) == 2 and len(alive(site)) == 1)
        wait_until(lambda: bool(run.notices))
        assert [str(pid) for pid in alive(site)] == site.noted("held")
        assert len(run.session.instances) == run.session.roster.wanted == 1
        if kind is Started:
            wait_until(lambda: set(run.session.client.cluster.workers) == kept(run.session))
        else:
            assert len(run.session.client.cluster.workers) == 2

    assert run.found == list(range(6))
    assert [notice.partition(" ")[2] for notice in run.notices] == [GIVEN_BACK]


def kept(session) -> set[object]:
    """The names of the instances' workers."""
    workers = session.client.cluster.workers
    return {name for name, worker in workers.items() if worker.address in session.instances}


def test_so_many_stay_as_there_have_to_be(site, wait_until):
    compute = LocalCompute(dashboard=False)
    with Run(site, compute=compute, idleness=Idleness(0.0, least=2), instances=3) as run:
        wait_until(lambda: bool(run.notices and site.noted("held")))
        assert len(run.session.instances) == run.session.roster.wanted == 2

    assert run.found == list(range(6))
    assert len(run.notices) == 1


def test_one_that_was_given_back_serves_again_when_the_last_one_is_lost(site, wait_until):
    compute = LocalCompute(dashboard=False)
    with Run(site, compute=compute, idleness=Idleness(0.1)) as run:
        wait_until(lambda: len(site.noted("loaded")) == 2 and len(alive(site)) == 1)
        (last,) = run.session.roster.members
        run.session.dismiss(last.address, "the test says so")
        wait_until(lambda: len(site.noted("held")) == 2)
        assert last.address not in run.session.instances

    assert run.found == list(range(6))


class Listing(Source):
    """Mini-batches of which more may come, until somebody says that these are all."""

    is_complete = False

    def __init__(self, batches: list[MiniBatch]) -> None:
        super().__init__(batches)
        self.looks = 0

    @property
    def is_exhausted(self) -> bool:
        self.looks += 1
        return self.is_complete and super().is_exhausted


def test_nobody_goes_while_there_is_work_to_come(site, wait_until):
    source = Listing(site.batches(1))
    compute = LocalCompute(dashboard=False)
    with Run(site, compute=compute, idleness=Idleness(0.0), source=source) as run:
        wait_until(lambda: len(site.noted("loaded")) == 2 and bool(site.noted("held")))
        enough = source.looks + 5
        for each in range(source.looks, enough):
            run.dispatcher.wake()
            wait_until(lambda looks=each: source.looks > looks)
        assert source.looks >= enough
        assert (len(run.session.instances), run.notices) == (2, [])
        source.is_complete = True
        run.dispatcher.wake()
        wait_until(lambda: bool(run.notices))
    assert run.found == [0]


class Watched(Idleness):
    """Notes for how long nobody may go."""

    waits: tuple[float | None, ...] = ()

    def wait_s(self, **known) -> float | None:
        self.waits = *self.waits, super().wait_s(**known)
        return self.waits[-1]


def test_instances_may_be_kept_for_centuries(site, wait_until):
    idleness = Watched(1e11)
    with Run(site, compute=LocalCompute(dashboard=False), idleness=idleness) as run:
        wait_until(lambda: any(idleness.waits))
    assert (run.found, run.notices) == (list(range(6)), [])


def roster_of(count: int, *, joined: bool = True) -> Roster:
    roster = Roster(count)
    for each in range(count):
        worker = Surveyed(address=f"tcp://{each}", process=str(each), host="", pools=0, unfit="")
        member = roster.admit(worker)
        if joined:
            roster.join(member)
    return roster


def test_a_roster_lets_nobody_go_that_it_does_not_have_or_needs():
    roster = roster_of(2)
    assert roster.release("tcp://7", 1) is None
    assert roster.release("tcp://0", 2) is None
    assert roster.release("tcp://0", 1) is not None
    assert roster.release("tcp://1", 1) is None
    assert (roster.wanted, roster.vacancies) == (1, 0)


def test_those_who_have_not_begun_do_not_count_as_staying():
    roster = roster_of(1)
    roster.admit(Surveyed(address="tcp://9", process="9", host="", pools=0, unfit=""))
    assert roster.release("tcp://0", 1) is None


def test_who_is_given_back_leaves_no_vacancy_even_where_others_were_missing():
    roster = roster_of(3)
    roster.lose(roster.members[0])
    assert roster.vacancies == 1
    roster.release("tcp://1", 1)
    assert (roster.wanted, roster.vacancies) == (1, 0)


def test_who_is_given_back_leaves_no_vacancy_even_for_a_moment():
    roster, vacancies = roster_of(2), []
    roster.listen(lambda _: vacancies.append(roster.vacancies))
    roster.release("tcp://1", 1)
    assert vacancies == [0, 0, 0]  # two that are there, and one that is lost


def test_nobody_joins_whose_place_is_closed_while_it_is_looked_at(monkeypatch):
    roster = Roster(1)

    async def look(*_):
        roster.wanted = 0
        return {}

    monkeypatch.setattr(recruiting, "look_from", look)
    recruiter = recruiting.Recruiter(None, LocalCompute(), roster, [].append)
    recruiter.looks = ["the input"]
    asyncio.run(recruiter.recruit({"tcp://0"}))
    assert roster.members == []


def test_of_a_group_of_workers_none_ends_as_long_as_one_is_kept(monkeypatch):
    ended = []

    async def scale_down(self, names):
        ended.extend(names)

    monkeypatch.setattr(SpecCluster, "scale_down", scale_down)
    cluster = SpecCluster.__new__(SpecCluster)
    pair = {"cls": None, "options": {}, "group": ["-0", "-1"]}
    named = {"cls": None, "options": {"name": "ours"}}
    cluster.worker_spec = {"a": pair, "b": pair, "c": named, "d": {"cls": None, "options": {}}}
    asyncio.run(LocalCompute().shrink(cluster, {"a-1", "ours"}))
    assert ended == ["b", "d"]


def test_a_cluster_keeps_those_with_the_names_and_starts_no_others():
    with LocalCluster(n_workers=3, processes=False, dashboard_address=None) as cluster:
        lost = cluster.workers.pop(2)  # as Dask does some time after a worker has died
        cluster.sync(lost.close)
        cluster.sync(LocalCompute().shrink, cluster, {"1"})
        assert set(cluster.workers) == set(cluster.worker_spec) == {1}


def test_a_cluster_of_an_unknown_kind_is_left_as_it_is():
    asyncio.run(Compute.shrink(LocalCompute(), SimpleNamespace(), {"1"}))
