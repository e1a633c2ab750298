from __future__ import annotations

import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

import pytest

from framework.domain.mini_batches import MiniBatch
from framework.domain.outcomes import Receipt
from framework.engine import dispatch
from framework.engine.chunk_task import score_chunk
from framework.engine.dispatch import Dispatcher
from framework.engine.lease import PoolState
from framework.engine.local import LocalCompute
from framework.engine.pool import ScorerPool
from framework.engine.pools import Pools
from framework.engine.roster import Roster
from framework.engine.session import Session, open_session
from framework.errors import ScorerInitError, StorageError

PATIENCE_S = 60.0
ECHO = "def run(mini_batch): return [1 for _ in mini_batch]"


class Fixed:
    """A source that has everything from the start."""

    def __init__(self, batches: list[MiniBatch]) -> None:
        self._batches = list(batches)

    def take(self) -> MiniBatch | None:
        return self._batches.pop(0) if self._batches else None

    @property
    def is_exhausted(self) -> bool:
        return not self._batches

    @property
    def remaining(self) -> int | None:
        return len(self._batches)


class Growing(Fixed):
    """A source that is filled while it is read."""

    def __init__(self) -> None:
        super().__init__([])
        self.is_complete = False

    def add(self, batches: list[MiniBatch]) -> None:
        self._batches += batches

    @property
    def is_exhausted(self) -> bool:
        return self.is_complete and not self._batches

    @property
    def remaining(self) -> int | None:
        return len(self._batches) if self.is_complete else None


@contextmanager
def dispatching(
    spec,
    source,
    *,
    instances: int = 1,
    on_state: Callable[[PoolState], None] = lambda _state: None,
) -> Iterator[Dispatcher]:
    with (
        open_session(LocalCompute(dashboard=False), instances, PATIENCE_S) as session,
        Pools(session, spec, on_state=on_state) as pools,
    ):
        yield Dispatcher(session, pools, source)


def indices(receipts: Iterator[list[Receipt]]) -> list[int]:
    return sorted(
        outcome.index for each in receipts for receipt in each for outcome in receipt.outcomes
    )


@pytest.mark.parametrize("instances", [1, 2])
def test_every_mini_batch_comes_back_once(site, instances):
    spec = site.spec(ECHO, processes=2)
    with dispatching(spec, Fixed(site.batches(300)), instances=instances) as dispatcher:
        assert indices(dispatcher.receipts()) == list(range(300))


def test_an_undisturbed_job_loses_no_chunk(site, caplog):
    caplog.set_level(logging.WARNING)
    with dispatching(site.spec(ECHO), Fixed(site.batches(5))) as dispatcher:
        list(dispatcher.receipts())

    assert [record.getMessage() for record in caplog.records] == []


def test_nothing_to_do_ends_at_once(site):
    with dispatching(site.spec(ECHO), Fixed([])) as dispatcher:
        assert indices(dispatcher.receipts()) == []


def test_what_is_handed_back_is_sent_again(site, monkeypatch):
    monkeypatch.setattr(dispatch, "BUDGET_S", 0.15)
    monkeypatch.setattr("framework.domain.chunks.TARGET_S", 3.0)
    script = "import time\ndef run(mini_batch):\n    time.sleep(0.05)\n    return [1]"
    with dispatching(site.spec(script), Fixed(site.batches(40))) as dispatcher:
        receipts = list(dispatcher.receipts())

    assert any(receipt.returned for each in receipts for receipt in each)
    assert indices(iter(receipts)) == list(range(40))


@pytest.fixture
def no_room(monkeypatch):
    """The instances of these names can't write parts."""
    labels: set[str] = set()
    made = ScorerPool.__init__

    def make(self, spec, label):
        made(self, spec, label)
        if label in labels:
            monkeypatch.setattr(self.staging, "create", refuse)

    def refuse(name, data):
        raise StorageError(f"writing {name}: no space left on device")

    monkeypatch.setattr(ScorerPool, "__init__", make)
    return labels


def test_one_that_can_not_write_is_left_out_and_the_others_do_its_work(site, no_room):
    no_room.add("instance-0")
    with dispatching(site.spec(ECHO), Fixed(site.batches(40)), instances=2) as dispatcher:
        receipts = list(dispatcher.receipts())

    assert indices(iter(receipts)) == list(range(40))
    notices = [notice for each in receipts for receipt in each for notice in receipt.notices]
    assert len(notices) == 1
    assert notices[0].startswith("instance-0 is left out: writing parts/")


def test_where_none_can_write_it_ends(site, no_room):
    no_room.update({"instance-0", "instance-1"})
    with (
        dispatching(site.spec(ECHO), Fixed(site.batches(40)), instances=2) as dispatcher,
        pytest.raises(StorageError, match="no space left on device"),
    ):
        list(dispatcher.receipts())


class Moods:
    """What instances do with chunks that is not as it should be; one for all tests."""

    rng = random.Random()
    handed_back: ClassVar[set[int]] = set()
    chunks: ClassVar[list[tuple[int, ...]]] = []


def moody(key, chunk, budget_s, limits) -> Receipt:
    """Hands back some of a chunk at random, in any order."""
    done = score_chunk(key, chunk, budget_s, limits).outcomes
    kept = [each for each in done if Moods.rng.random() < 0.6]
    gone = list(set(chunk.indices) - {each.index for each in kept})
    Moods.rng.shuffle(gone)
    return Receipt(outcomes=tuple(kept), part=None, returned=tuple(gone))


def picky(key, chunk, budget_s, limits) -> Receipt:
    """Hands back two of three mini-batches at their first time."""
    Moods.chunks.append(chunk.indices)
    late = {index for index in chunk.indices if index not in Moods.handed_back and index % 3}
    Moods.handed_back |= late
    kept = tuple(
        each
        for each in score_chunk(key, chunk, budget_s, limits).outcomes
        if each.index not in late
    )
    return Receipt(outcomes=kept, part=None, returned=tuple(sorted(late)))


@pytest.mark.parametrize("seed", range(3))
def test_every_mini_batch_comes_back_once_whatever_is_handed_back(site, monkeypatch, seed):
    Moods.rng = random.Random(seed)
    monkeypatch.setattr(dispatch, "score_chunk", moody)
    with dispatching(site.spec(ECHO, processes=2), Fixed(site.batches(120)), instances=2) as each:
        found = indices(each.receipts())

    assert Counter(found) == Counter(range(120))


def test_chunks_of_what_was_handed_back_are_in_the_plans_order(site, monkeypatch):
    Moods.handed_back, Moods.chunks = set(), []
    monkeypatch.setattr(dispatch, "score_chunk", picky)
    with dispatching(site.spec(ECHO, processes=4), Fixed(site.batches(90)), instances=2) as each:
        assert indices(each.receipts()) == list(range(90))

    assert len(Moods.handed_back) == 60
    assert all(list(chunk) == sorted(chunk) for chunk in Moods.chunks)


def test_a_source_that_grows_is_read_to_its_end(site):
    source = Growing()
    with dispatching(site.spec(ECHO, processes=2), source) as dispatcher:

        def fill() -> None:
            for start in range(0, 50, 10):
                source.add(site.batches(50)[start : start + 10])
                dispatcher.wake()
            source.is_complete = True
            dispatcher.wake()

        filler = threading.Timer(0.2, fill)
        filler.start()
        found = indices(dispatcher.receipts())
        filler.join()

    assert found == list(range(50))


def test_stopping_yields_what_is_done_and_returns(site, wait_until):
    script = f"""
import os, time
def run(mini_batch):
    with open({str(site.root / "noted")!r}, "a") as file:
        file.write("x\\n")
    if int(os.path.basename(mini_batch[0]).split(".")[0]) >= 5:
        time.sleep(1000)
    return [1]
"""
    found = []
    with dispatching(site.spec(script), Fixed(site.batches(40))) as dispatcher:

        def stop() -> None:
            wait_until(lambda: len(site.noted()) >= 6)
            dispatcher.stop(0.0)

        stopper = threading.Thread(target=stop)
        stopper.start()
        found = indices(dispatcher.receipts())
        stopper.join()

    assert found == [0, 1, 2, 3, 4]


def test_stopping_before_the_start_scores_nothing(site):
    with dispatching(site.spec(ECHO), Fixed(site.batches(5))) as dispatcher:
        dispatcher.stop(0.0)
        found = indices(dispatcher.receipts())

    assert len(found) == len(set(found))


@pytest.mark.parametrize("instances", [1, 2])
def test_a_scorer_that_can_not_be_loaded_ends_it(site, instances):
    script = "def init():\n    raise KeyError('model')\ndef run(mini_batch): return [1]"
    with (
        dispatching(site.spec(script), Fixed(site.batches(5)), instances=instances) as each,
        pytest.raises(ScorerInitError, match="KeyError: 'model'") as raised,
    ):
        list(each.receipts())

    assert "raise KeyError('model')" in raised.value.user_traceback


@pytest.fixture
def slow_to_join(monkeypatch):
    """The second instance joins, or is lost, once the first has said that it can't load."""
    has_said = threading.Event()
    without, join, start = Dispatcher._without, Roster.join, ScorerPool._start

    def say(self, instance, receipt):
        told = without(self, instance, receipt)
        has_said.set()
        return told

    def behave(then):
        def join_late(self, member):
            if member.label == "instance-0":
                join(self, member)
            elif has_said.is_set():
                then(self, member)

        def start_late(self):
            if "instance-1" in threading.current_thread().name:
                has_said.wait(PATIENCE_S)
            start(self)

        monkeypatch.setattr(ScorerPool, "_start", start_late)
        monkeypatch.setattr(Dispatcher, "_without", say)
        monkeypatch.setattr(Roster, "join", join_late)

    return behave


REFUSES_ONCE = """
import os
def init():
    try:
        os.close(os.open({mark!r}, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    raise RuntimeError("not on this machine")
def run(mini_batch): return [1 for _ in mini_batch]
"""


def test_one_that_can_not_load_waits_for_another_that_has_not_joined(site, slow_to_join):
    slow_to_join(Roster.join)
    spec = site.spec(REFUSES_ONCE.format(mark=str(site.root / "mark")))
    with dispatching(spec, Fixed(site.batches(6)), instances=2) as dispatcher:
        receipts = list(dispatcher.receipts())

    assert indices(iter(receipts)) == list(range(6))
    notices = [notice for each in receipts for receipt in each for notice in receipt.notices]
    assert len(notices) == 1
    assert "instance-0 is left out: the scorer could not be loaded: " in notices[0]


def test_one_that_can_not_load_does_not_wait_for_another_that_is_lost(site, slow_to_join):
    slow_to_join(Roster.lose)
    spec = site.spec("def init(): raise RuntimeError('no weights')\ndef run(mini_batch): return []")
    with (
        dispatching(spec, Fixed(site.batches(6)), instances=2) as dispatcher,
        pytest.raises(ScorerInitError, match="no weights"),
    ):
        list(dispatcher.receipts())


def test_instances_share_the_work(site):
    script = "import time\ndef run(mini_batch):\n    time.sleep(0.02)\n    return [1]"
    with dispatching(site.spec(script), Fixed(site.batches(80)), instances=2) as dispatcher:
        assert indices(dispatcher.receipts()) == list(range(80))

    assert {path.name for path in site.logs.iterdir()} == {"instance-0-0.log", "instance-1-0.log"}


def test_long_mini_batches_are_not_hoarded_by_one_instance(site):
    """Two mini-batches, two instances: each gets one, so that they run side by side."""
    script = f"""
import os, time
def run(mini_batch):
    open(os.path.join({str(site.root)!r}, "begun-" + os.path.basename(mini_batch[0])), "w").close()
    while len([name for name in os.listdir({str(site.root)!r}) if "begun" in name]) < 2:
        time.sleep(0.01)
    return [1]
"""
    with dispatching(site.spec(script), Fixed(site.batches(2)), instances=2) as dispatcher:
        assert indices(dispatcher.receipts()) == [0, 1]


def test_states_of_all_instances_are_added_up(site):
    states = []
    with dispatching(
        site.spec(ECHO, processes=2), Fixed(site.batches(20)), instances=2, on_state=states.append
    ) as dispatcher:
        list(dispatcher.receipts())

    assert states
    assert {state.processes for state in states} == {4}
    assert all(0 <= state.ready <= 4 for state in states)


def test_two_jobs_on_one_cluster_do_not_disturb_each_other(site):
    words = {"a": "one", "b": "other"}
    specs = {
        key: site.spec(f"def run(mini_batch): return [{word!r}]", key=f"{key}-1")
        for key, word in words.items()
    }
    found = {}

    def run(session: Session, key: str) -> None:
        with Pools(session, specs[key], on_state=lambda _state: None) as pools:
            receipts = [
                receipt
                for each in Dispatcher(session, pools, Fixed(site.batches(50))).receipts()
                for receipt in each
            ]
        rows = "".join((site.staging / each.part.name).read_text() for each in receipts)
        found[key] = {row.partition(",")[2] for row in rows.splitlines()}, rows.count("\n")

    with open_session(LocalCompute(dashboard=False), 1, PATIENCE_S) as session:
        threads = [threading.Thread(target=run, args=(session, key)) for key in words]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert found == {"a": ({"one"}, 50), "b": ({"other"}, 50)}
