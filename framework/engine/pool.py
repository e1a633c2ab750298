"""The pool: the scorer processes of one job on one instance, and their common queue."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from framework.domain.limits import Limits
from framework.domain.mini_batches import MiniBatch
from framework.domain.outcomes import ExtraFile
from framework.engine.cores import cores
from framework.engine.log_shipping import LogShipper
from framework.engine.memory import MemoryWatch
from framework.engine.recovery import Recovery
from framework.engine.serving import ServingThread
from framework.engine.starting import Starter
from framework.engine.work import PoolSpec, Scored, Task, Ticket, WorkQueue
from framework.errors import FrameworkError, ScorerInitError
from framework.models.cache import BorrowedModel, borrow
from framework.outputs import Encoded, decode_columns
from framework.scoring.launch import Launch, Room
from framework.scoring.workroom import Workroom
from framework.storage import open_store
from framework.storage.checksums import sha256_of
from framework.storage.fetch import Fetcher, FetchError

logger = logging.getLogger(__name__)

_SCRATCH_BYTES = 4 << 30


class PoolClosedError(Exception):
    """The pool was closed: its driver has stopped the job, or has not been heard of."""


class ScorerPool:
    """Owns a job's scorer processes on one instance; they start to load at once.

    Args:
        spec: What to start.
        label: Names the instance in the names of log files.
    """

    def __init__(self, spec: PoolSpec, label: str) -> None:
        self.spec = spec
        self._launch = replace(
            spec.launch, threads=spec.launch.threads or max(1, cores() // spec.processes)
        )
        self.queue = WorkQueue()
        self.staging = open_store(spec.staging, spec.storage_options)
        self._ready = 0
        self._tickets: set[Ticket] = set()
        self._lock = threading.Lock()
        self._broken: FrameworkError | None = None
        self._retired = 0
        self._model: BorrowedModel | None = None
        self._logs = open_store(spec.logs, spec.storage_options)
        self._workroom = Workroom(label, self._logs.local_path(""))
        self._shipper = LogShipper(self._workroom.logs, self._logs)
        inputs = open_store(spec.input_root, spec.storage_options)
        self._fetcher = Fetcher(
            inputs,
            self._workroom.scratch / "inputs",
            max_bytes=_SCRATCH_BYTES,
            quick=self._workroom.quick_scratch() if inputs.local_path("") is None else None,
        )
        self.recovery = Recovery(
            spec,
            self.queue,
            on_finished=self._finish,
            on_exceeded=self._interrupt,
            local_root=self._fetcher.local_root,
        )
        self._memory = MemoryWatch(spec.memory_limit)
        self._serving = [
            ServingThread(self, self._process_starter(number)) for number in range(spec.processes)
        ]
        self._threads = [
            threading.Thread(target=serving.run, name=f"{label}-{number}", daemon=True)
            for number, serving in enumerate(self._serving)
        ]
        self._starter = threading.Thread(target=self._start, name=f"{label}-start", daemon=True)
        self._starter.start()

    @property
    def launch(self) -> Launch:
        """How its scorer processes are started."""
        return self._launch

    @property
    def ready(self) -> int:
        """Processes that have loaded their model since the pool was made."""
        return self._ready

    def _process_starter(self, number: int) -> Starter:
        return Starter(
            number,
            self._launch,
            room=self._workroom.room,
            queue=self.queue,
            memory=self._memory,
            on_loaded=self._process_started,
        )

    def _start(self) -> None:
        try:
            if self.launch.code:
                self._workroom.bring_code(self._archive(self.launch.code))
            if self.launch.model:
                self._model = borrow(
                    self.launch.model, self._check_wanted, self.spec.storage_options
                )
                self._workroom.bring_model(self._model.path)
        except Exception as error:  # noqa: BLE001  a torn archive raises many kinds; none may hang
            if not self.queue.is_closed:
                self.fail(ScorerInitError(f"the instance can't prepare the scorer: {error}"))
            return
        for thread in self._threads:
            thread.start()

    def _archive(self, url: str) -> Path:
        """The archive with the code on this machine, fetched if need be."""
        folder, _, name = url.rpartition("/")
        store = open_store(folder or "/", self.spec.storage_options)
        local = store.local_path(name)
        if local is None:
            local = self._workroom.scratch / name
            store.fetch(name, local)
        return local

    def _check_wanted(self, *_progress: object) -> None:
        """Ends the fetching of a model that nobody waits for any more."""
        if self.queue.is_closed:
            raise PoolClosedError

    def submit(self, batches: Sequence[MiniBatch], limits: Limits | None = None) -> Ticket:
        """Queues a chunk's mini-batches.

        Args:
            batches: By index.
            limits: What the driver knows of the job at large.

        Raises:
            FrameworkError: The scorer can't be loaded here.
            PoolClosedError: The pool takes nothing any more.
        """
        if limits is not None:
            self.recovery.allowance.tell(limits)
        ticket = Ticket(batches)
        with self._lock:
            if self._broken is not None:
                raise self._broken
            if self.queue.is_closed:
                raise PoolClosedError
            self._tickets.add(ticket)
        if self.local_root is None:
            for batch in batches:
                self._fetcher.prefetch(batch.index, batch.files)
        self.queue.put(ticket.tasks)
        return ticket

    def withdraw(self, ticket: Ticket) -> None:
        """Takes back what has not begun of a chunk."""
        taken = self.queue.withdraw(ticket)
        if self.local_root is None:
            for task in taken:
                self._fetcher.release(task.batch.index)
        ticket.give_back(len(taken))

    def forget(self, ticket: Ticket) -> None:
        """Ends the bookkeeping of a chunk."""
        with self._lock:
            self._tickets.discard(ticket)

    def stop(self, grace_s: float) -> None:
        """Ends the pool. What runs may end within `grace_s` seconds, then everything is killed.

        Those who wait for a chunk get what is finished of it.
        """
        self.queue.close()
        self._starter.join()
        deadline = time.monotonic() + grace_s
        started = [thread for thread in self._threads if thread.ident is not None]
        for thread in started:
            thread.join(max(0.0, deadline - time.monotonic()))
        for serving in self._serving:
            serving.kill()
        self._fetcher.close()  # who waits for a file waits no longer
        for thread in started:
            thread.join()
        with self._lock:
            tickets = list(self._tickets)
        for ticket in tickets:
            ticket.abandon()
        self._memory.close()
        self._shipper.close()
        self._workroom.close()
        if self._model is not None:
            self._model.close()

    @property
    def local_root(self) -> str | None:
        """What makes local paths of files' paths; `None` where files have to be fetched."""
        return self._fetcher.local_root

    def fetched(self, task: Task) -> list[str]:
        """Where the task's files lie on this machine, once they are fetched.

        Raises:
            FetchError: Some of them can't be had.
        """
        try:
            paths = self._fetcher.wait(task.batch.index)
        except FetchError as error:
            # Those of a piece may be there, though its mini-batch is not whole.
            names = [file.path for file in task.batch.files]
            if not all(name in error.fetched for name in names):
                raise
            return [error.fetched[name] for name in names]
        places = range(len(paths)) if task.piece is None else task.piece.places
        return [paths[place] for place in places]

    def _finish(self, task: Task, scored: Scored) -> None:
        """Takes a finished mini-batch; its files are not needed any more."""
        if self.local_root is None and not task.ticket.is_interrupted:
            self._fetcher.release(task.batch.index)
        task.ticket.finish(scored)

    def _interrupt(self) -> None:
        """More files have failed than the job tolerates: the driver should hear of it now."""
        with self._lock:
            tickets = list(self._tickets)
        for ticket in tickets:
            ticket.interrupt()
            self.queue.drop(ticket)

    def encode_columns(self, payload: bytes) -> Encoded:
        """Encodes rows that a process could not encode by itself."""
        if self.spec.output_format is None:
            raise ValueError("rows came, but none are kept")
        return self.spec.output_format.encode(*decode_columns(payload))

    def stage_extras(self, task: Task, room: Room, names: list[str]) -> tuple[ExtraFile, ...]:
        """Stages what a script wrote beside its rows: durable before anyone hears of it."""
        key = task.key
        attempt = f"extras/{key}-{room.folder.name}-{task.tries}"
        staged = []
        for name in names:
            source = room.aside / key / name
            with source.open("rb") as file:
                sha256 = sha256_of(file)
            size = source.stat().st_size
            self.staging.put(source, f"{attempt}/{name}")
            staged.append(ExtraFile(name, f"{attempt}/{name}", size, sha256))
        return tuple(staged)

    def _process_started(self) -> None:
        with self._lock:
            self._ready += 1

    def process_retired(self, error: FrameworkError) -> None:
        """A process can't be started; the pool is broken when none is left."""
        with self._lock:
            self._retired += 1
            is_last = self._retired == len(self._serving) or not self._ready
        if is_last:
            self.fail(error)
        else:
            logger.warning("one scorer process less: %s", error)

    def fail(self, error: FrameworkError) -> None:
        """Nothing more can be scored here: those who wait for a chunk get the error."""
        with self._lock:
            self._broken = error
            tickets = list(self._tickets)
        self.queue.close()
        for ticket in tickets:
            ticket.fail(error)
