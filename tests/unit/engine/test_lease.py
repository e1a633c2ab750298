from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import psutil
import pytest
from distributed import Client, LocalCluster

from framework.domain.chunks import Chunk
from framework.engine import lease
from framework.engine.chunk_task import score_chunk

PATIENCE_S = 60.0
BUDGET_S = 30.0
SCRIPT = """
import os
def init():
    with open({file!r}, "a") as file:
        file.write(str(os.getpid()) + "\\n")
def run(mini_batch):
    return [{word!r} for _ in mini_batch]
"""


@pytest.fixture
def client() -> Iterator[Client]:
    with (
        LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            processes=False,
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",
            memory_limit=0,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def short_leases(monkeypatch) -> None:
    monkeypatch.setattr(lease, "LEASE_S", 0.5)


def renew(client: Client, *specs) -> dict[str, lease.PoolState]:
    """As the driver does it: a pool that is not there is made."""
    states = {}
    for spec in specs:
        state = one(client.run(lease.renew, spec.key, 0.0))
        state = one(client.run(lease.renew, spec.key, state.clock))
        if not state.is_kept:
            state = one(client.run(lease.make, spec, "instance-0", state.clock))
        states[spec.key] = state
    return states


def one(answers: dict[str, lease.PoolState]) -> lease.PoolState:
    (answer,) = answers.values()
    return answer


def score(client: Client, key: str, batches):
    task = client.submit(score_chunk, key, Chunk.of(batches), BUDGET_S, pure=False)
    return task.result(PATIENCE_S)


def end(client: Client, key: str) -> None:
    client.run(lease.end, key, 0.0)


def script(site, word: str = "x") -> str:
    return SCRIPT.format(file=str(site.root / "noted"), word=word)


def is_alive(pid: str) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE
    return False


def test_the_first_renewal_makes_the_pool_and_later_ones_keep_it(client, site):
    spec = site.spec(script(site), processes=2)
    assert renew(client, spec)["job-1"].processes == 2

    receipt = score(client, "job-1", site.batches(4))
    state = renew(client, spec)["job-1"]
    end(client, "job-1")
    assert [outcome.index for outcome in receipt.outcomes] == [0, 1, 2, 3]
    assert 1 <= state.ready <= 2
    assert len(site.noted()) <= 2


def test_a_pool_that_is_not_heard_of_dies_with_its_processes(client, site, monkeypatch, wait_until):
    monkeypatch.setattr(lease, "LEASE_S", PATIENCE_S)
    spec = site.spec(script(site))
    renew(client, spec)
    score(client, "job-1", site.batches(1))
    assert is_alive(site.noted()[0])

    monkeypatch.setattr(lease, "LEASE_S", 0.1)
    renew(client, spec)
    wait_until(lambda: not is_alive(site.noted()[0]))


def test_a_pool_that_is_heard_of_lives_on(client, site, monkeypatch):
    monkeypatch.setattr(lease, "LEASE_S", 3.0)
    spec = site.spec(script(site))
    waiting = threading.Event()
    for _ in range(40):
        renew(client, spec)
        waiting.wait(0.1)
    monkeypatch.setattr(lease, "LEASE_S", PATIENCE_S)
    renew(client, spec)

    assert score(client, "job-1", site.batches(1)).outcomes
    end(client, "job-1")
    assert len(site.noted()) == 1


def test_after_its_lease_a_pool_hands_everything_back(client, site, short_leases):
    receipt = score(client, "never-made", site.batches(3))

    assert (receipt.outcomes, receipt.part, receipt.returned) == ((), None, (0, 1, 2))


def test_a_chunk_waits_for_a_lease_that_is_on_its_way(client, site):
    spec = site.spec(script(site))
    task = client.submit(score_chunk, "job-1", Chunk.of(site.batches(1)), BUDGET_S, pure=False)
    renew(client, spec)

    assert len(task.result(PATIENCE_S).outcomes) == 1
    end(client, "job-1")


def test_a_lease_that_ran_out_can_be_taken_again(client, site, monkeypatch, wait_until):
    spec = site.spec(script(site))
    with monkeypatch.context() as short:
        short.setattr(lease, "LEASE_S", 0.1)
        renew(client, spec)
    wait_until(lambda: not lease._leases)
    renew(client, spec)

    assert len(score(client, "job-1", site.batches(1)).outcomes) == 1
    end(client, "job-1")


def test_two_jobs_on_one_worker_have_two_pools(client, site):
    specs = [
        site.spec(script(site, "one"), key="one-1"),
        site.spec(script(site, "other"), key="other-1"),
    ]
    renew(client, *specs)
    parts = [score(client, spec.key, site.batches(2)).part for spec in specs]
    rows = [(site.staging / part.name).read_text() for part in parts]
    end(client, "one-1")

    assert rows == [
        "0.txt,one\n1.txt,one\n",
        "0.txt,other\n1.txt,other\n",
    ]
    assert score(client, "other-1", site.batches(1)).outcomes  # the one's end harms it not
    end(client, "other-1")


def test_ending_what_is_not_there_does_no_harm(client):
    end(client, "never-made")


def test_ending_returns_when_nothing_is_left(client, site):
    renew(client, site.spec(script(site)))
    score(client, "job-1", site.batches(1))
    end(client, "job-1")

    assert not any(map(is_alive, site.noted()))


def test_a_part_is_durable_and_as_its_receipt_says(client, site):
    import hashlib

    renew(client, site.spec("def run(mini_batch): return [file for file in mini_batch]"))
    receipt = score(client, "job-1", [site.batch(3, "a", "b"), site.batch(7, "c")])
    end(client, "job-1")

    data = (site.staging / receipt.part.name).read_bytes()
    assert data == b"".join(f"{name},{site.data}/{name}\n".encode() for name in ("a", "b", "c"))
    assert (receipt.part.size, receipt.part.rows) == (len(data), 3)
    assert receipt.part.sha256 == hashlib.sha256(data).hexdigest()
    assert sum(outcome.length for outcome in receipt.outcomes) == len(data)
    assert [(each.index, each.files, each.succeeded) for each in receipt.outcomes] == [
        (3, 2, 2),
        (7, 1, 1),
    ]


def test_a_chunk_that_is_scored_twice_has_two_parts(client, site):
    renew(client, site.spec(script(site)))
    names = {score(client, "job-1", site.batches(1)).part.name for _ in range(2)}
    end(client, "job-1")

    assert len(names) == 2


def test_a_chunk_in_which_nothing_succeeds_has_no_part(client, site):
    renew(client, site.spec("def run(mini_batch): raise ValueError"))
    receipt = score(client, "job-1", site.batches(2))
    end(client, "job-1")

    assert receipt.part is None
    assert [outcome.failed for outcome in receipt.outcomes] == [1, 1]


def test_past_its_budget_a_chunk_hands_back_what_has_not_begun(client, site):
    slow = "import time\ndef run(mini_batch):\n    time.sleep(0.3)\n    return [1]"
    renew(client, site.spec(slow))
    score(client, "job-1", site.batches(1))  # it is loaded by then
    task = client.submit(score_chunk, "job-1", Chunk.of(site.batches(50)), 0.5, pure=False)
    receipt = task.result(PATIENCE_S)
    end(client, "job-1")

    done = [outcome.index for outcome in receipt.outcomes]
    assert 1 <= len(done) < 50
    assert sorted([*done, *receipt.returned]) == list(range(50))


def test_what_can_not_be_scored_at_all_is_told_in_the_receipt(client, site):
    renew(client, site.spec("raise ValueError('never')\ndef run(mini_batch): return 1"))
    receipt = score(client, "job-1", site.batches(2))
    end(client, "job-1")

    assert "ValueError: never" in str(receipt.error)
    assert receipt.returned == (0, 1)
