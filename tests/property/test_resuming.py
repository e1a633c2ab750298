"""Whatever dies when: a resumed job's output is an undisturbed one's, byte by byte.

The listing, the plan, the journal, the ledger and the reduction are the real ones; only the
instances are not: they score a file by its name.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.domain.files import InputFile
from framework.domain.mini_batches import MiniBatch
from framework.domain.outcomes import Failure, FailureKind, Outcome, Part, Receipt, Stage
from framework.jobs.journal import LEDGER, Journal
from framework.jobs.ledger import Ledger
from framework.jobs.listing import Listing
from framework.jobs.record import JobRecord, open_record
from framework.jobs.reduce import Reduction, reduce_parts
from framework.jobs.source import PlannedSource
from framework.outputs.jsonl import JsonlFormat
from framework.outputs.text import CsvFormat
from framework.settings import Settings
from framework.storage import open_store

PATIENCE_S = 30.0
COLUMNS = (("file", ""), ("prediction", ""))


@dataclass
class World:
    """A job, its input, and instances that score it."""

    record: JobRecord
    files: list[InputFile]
    settings: Settings
    rng: random.Random
    calls: Counter[int] = field(default_factory=Counter)
    token: int = 0

    def score(self, batches: list[MiniBatch]) -> Receipt:
        """What an instance makes of a chunk; a file whose size is 13 is a bad one."""
        outcomes, data = [], b""
        for batch in sorted(batches):
            self.calls[batch.index] += 1
            if any(file.size == 13 for file in batch.files):
                outcomes.append(failed(batch))
                continue
            text = b"".join(row(file) for file in batch.files)
            data += text
            count = len(batch.files)
            outcomes.append(Outcome(batch.index, count, count, count, 1, 0.1, len(text), 0))
        return Receipt(outcomes=tuple(outcomes), part=self._part(data, outcomes))

    def _part(self, data: bytes, outcomes: list[Outcome]) -> Part | None:
        if not data:
            return None
        self.token += 1
        part = Part(
            name=f"parts/{outcomes[0].index:09d}-{self.token}",
            size=len(data),
            rows=sum(each.rows for each in outcomes),
            sha256=hashlib.sha256(data).hexdigest(),
            column_sets=(COLUMNS,),
        )
        self.record.staging.create(part.name, data)
        return part


def row(file: InputFile) -> bytes:
    return f"{file.path},{file.size}\n".encode()


def failed(batch: MiniBatch) -> Outcome:
    failure = Failure(
        files=tuple(file.path for file in batch.files),
        count=len(batch.files),
        stage=Stage.SCORE,
        kind=FailureKind.EXCEPTION,
        message="thirteen",
    )
    return Outcome(batch.index, len(batch.files), 0, 0, 3, 0.1, failures=(failure,))


class Driver:
    """Drives the job for a while, as a real one does: plan, score, ledger."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._journal = Journal.claim(world.record, started_at="now")
        self.ledger = Ledger(self._journal)
        self._listing = Listing(self._journal, self._list_files, lambda: None)
        self._source = PlannedSource(self._listing, world.settings, self.ledger.done)
        self._in_flight: list[list[MiniBatch]] = []

    def _list_files(self, after: str | None):
        return (file for file in self._world.files if after is None or file.path > after)

    def run(self, receipts: int | None) -> None:
        """Takes this many receipts, or all of them."""
        self._listing.start()
        while not self._listing.is_complete:
            self._listing._thread.join(PATIENCE_S)
        while receipts is None or receipts > 0:
            self._send()
            if not self._in_flight:
                return
            place = self._world.rng.randrange(len(self._in_flight))
            chunk = self._in_flight.pop(place)
            kept = [each for each in chunk if self._world.rng.random() < 0.7] or chunk[:1]
            handed_back = [each for each in chunk if each not in kept]
            if handed_back:
                self._in_flight.append(handed_back)
            self.ledger.add([self._world.score(kept)])
            receipts = None if receipts is None else receipts - 1

    def _send(self) -> None:
        while len(self._in_flight) < 3:
            taken = [self._source.take() for _ in range(self._world.rng.randint(1, 4))]
            chunk = [batch for batch in taken if batch is not None]
            if not chunk:
                return
            self._in_flight.append(chunk)

    def stray(self) -> None:
        """Writes what is in flight to the ledger, though it may have been succeeded."""
        for chunk in self._in_flight:
            self.ledger.add([self._world.score(chunk)])

    def die(self, torn: bytes) -> None:
        self._journal.close()
        if torn:
            segment = Path(self._world.record.url(LEDGER, f"{self._journal.epoch:06d}.jsonl"))
            with segment.open("ab") as file:
                file.write(torn)


def reduce(world: World, output_format) -> tuple[bytes, int]:
    folder = Path(world.record.url("out"))
    intent = reduce_parts(
        Reduction(
            workspace=world.record.workspace.url,
            job=world.record.name,
            folder=str(folder),
            file_name="predictions.csv",
            output_format=output_format,
            token="t",
        )
    )
    return Path(folder, intent.staged).read_bytes(), intent.rows


jobs = st.tuples(
    st.lists(st.integers(10, 16), max_size=40),
    st.integers(1, 5),
    st.none() | st.integers(20, 60),
)
deaths = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.sampled_from([b"", b"{", b'{"receipt":', b"\0" * 9]),
        st.booleans(),
    ),
    max_size=4,
)


def world_of(tmp_path_factory, job, seed: int) -> World:
    sizes, max_files, max_bytes = job
    return World(
        record=open_record(open_store(str(tmp_path_factory.mktemp("w"))), "job"),
        files=[InputFile(f"{place:03d}.txt", size) for place, size in enumerate(sizes)],
        settings=Settings(mini_batch_size=max_files, mini_batch_bytes=max_bytes),
        rng=random.Random(seed),
    )


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=40,
    deadline=None,
)
@given(jobs, deaths, st.integers(0, 10**6))
def test_a_resumed_job_is_an_undisturbed_one(tmp_path_factory, job, deaths, seed):
    undisturbed = world_of(tmp_path_factory, job, 0)
    driver = Driver(undisturbed)
    driver.run(None)
    driver.die(b"")

    resumed = world_of(tmp_path_factory, job, seed)
    stale = None
    for receipts, torn, wakes_up in deaths:
        driver = Driver(resumed)
        if stale is not None:
            stale.stray()  # it was only asleep, and knows nothing of its successor
            stale.die(b"")
            stale = None
        driver.run(receipts)
        if wakes_up:
            stale = driver
        else:
            driver.die(torn)
    last = Driver(resumed)
    if stale is not None:
        stale.stray()
        stale.die(b"")
    last.run(None)
    last.die(b"")

    assert reduce(resumed, CsvFormat()) == reduce(undisturbed, CsvFormat())
    reloaded = Driver(resumed).ledger
    assert reloaded.counts == last.ledger.counts == driver_counts(undisturbed)
    assert reloaded.counts.succeeded + reloaded.counts.failed == len(resumed.files)


def driver_counts(world: World):
    return Driver(world).ledger.counts


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=25,
    deadline=None,
)
@given(jobs, st.integers(0, 10**6), st.sampled_from([CsvFormat, JsonlFormat]))
def test_output_bytes_do_not_depend_on_the_order_of_completion(tmp_path_factory, job, seed, kind):
    outputs = set()
    for each in (0, seed):
        world = world_of(tmp_path_factory, job, each)
        driver = Driver(world)
        driver.run(None)
        driver.die(b"")
        outputs.add(reduce(world, kind()))
        assert set(world.calls.values()) <= {1}

    assert len(outputs) == 1


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=25,
    deadline=None,
)
@given(jobs, st.integers(0, 8), st.integers(0, 10**6))
def test_what_the_ledger_holds_is_never_scored_again(tmp_path_factory, job, receipts, seed):
    world = world_of(tmp_path_factory, job, seed)
    first = Driver(world)
    first.run(receipts)
    first.die(b"{")
    held = {index for index in world.calls if index in first.ledger.done}
    Driver(world).run(None)

    assert all(world.calls[index] == 1 for index in held)
