"""The thread that serves one scorer process: feeds it, waits under deadlines, replaces it."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from typing import Protocol

from framework.domain.outcomes import ExtraFile, FailureKind, Stage
from framework.engine.recovery import Recovery, Trouble
from framework.engine.replies import ReplyReader
from framework.engine.starting import Starter
from framework.engine.work import Task, WorkQueue
from framework.errors import FrameworkError, ScorerInitError, StorageError
from framework.outputs import Encoded
from framework.scoring.launch import Launch, Room
from framework.scoring.process import DeadlineError, ProcessEndedError, Reply, ScorerProcess
from framework.storage.fetch import FetchError

logger = logging.getLogger(__name__)

_AHEAD_S = 0.01
_MOST_AHEAD = 256


class Owner(Protocol):
    """What the thread needs of its pool."""

    queue: WorkQueue
    recovery: Recovery

    @property
    def launch(self) -> Launch:
        """How its scorer processes are started."""

    @property
    def local_root(self) -> str | None:
        """What makes local paths of files' paths; `None` where files have to be fetched."""

    def fetched(self, task: Task) -> list[str]:
        """Where the task's files lie on this machine, once they are fetched."""

    def stage_extras(self, task: Task, room: Room, names: list[str]) -> tuple[ExtraFile, ...]:
        """Stages what a script wrote beside its rows."""

    def encode_columns(self, payload: bytes) -> Encoded:
        """Encodes rows that the process could not encode by itself."""

    def fail(self, error: FrameworkError) -> None:
        """Nothing more can be scored here: those who wait for a chunk get the error."""

    def process_retired(self, error: FrameworkError) -> None:
        """This thread's process can't be started, and won't be tried again."""


class ServingThread:
    """Serves one scorer process until the queue is closed.

    Args:
        owner: The pool.
        starter: Starts the process, and starts it anew.
    """

    def __init__(self, owner: Owner, starter: Starter) -> None:
        self._owner = owner
        self._starter = starter
        self._sent: deque[Task] = deque()
        self._kept: Task | None = None
        self._replies = ReplyReader(owner)
        self._calls = 0
        self._is_spent = False
        self._began_s = 0.0
        self._seconds: float | None = None

    def run(self) -> None:
        """The thread's body."""
        try:
            while not self._owner.queue.is_closed:
                process = self._starter.process or self._start()
                if process is None:
                    return
                self._serve(process)
        except ScorerInitError as error:
            self._owner.process_retired(error)
        except Exception as error:
            logger.exception("serving scorer process %d failed", self._starter.number)
            self._owner.fail(FrameworkError(f"internal error while scoring: {error!r}"))
        finally:
            self._end()

    def kill(self) -> None:
        """Kills the process; from any thread."""
        self._starter.kill()

    def _start(self) -> ScorerProcess | None:
        loaded = self._starter.start()
        if loaded is None:
            return None
        process, encoding = loaded
        self._replies.begin(sends_columns=encoding == "columns")
        self._calls = 0
        self._is_spent = False
        return process

    def _serve(self, process: ScorerProcess) -> None:
        """Scores until the queue is closed or the process has to be replaced."""
        queue = self._owner.queue
        while self._starter.process is process and (self._fill(process) or not queue.is_closed):
            if not self._sent:
                continue
            try:
                reply = process.receive(self._owner.launch.timeout_s)
            except (DeadlineError, ProcessEndedError) as error:
                self._replace(error)
                return
            task = self._sent.popleft()
            self._take(task, reply, process.room)

    def _fill(self, process: ScorerProcess) -> bool:
        """Tops up what the process has; waits for a mini-batch if it has none."""
        if self._is_spent:
            if not self._sent:
                self._starter.discard()
            return bool(self._sent)
        window = self._window()
        if len(self._sent) <= window // 2:  # several at a time: each trip to the queue costs
            is_idle = not self._sent
            tasks = self._next(window - len(self._sent), wait=is_idle)
            if is_idle and process.has_ended():  # no fault of what comes next
                self._owner.queue.put_back(tasks, as_new=True)
                self._starter.discard()
                return False
            for task in tasks:
                if self._send(process, task):
                    self._sent.append(task)
            process.flush()
            if is_idle:
                self._began_s = time.monotonic()
        return bool(self._sent)

    def _next(self, most: int, *, wait: bool) -> list[Task]:
        """What to send next; what has to be the first of a fresh process is."""
        if self._kept is not None:
            kept, self._kept = self._kept, None
            return [kept]
        return self._owner.queue.take(most, wait=wait)

    def _window(self) -> int:
        """Mini-batches to have in the process: one, and 10 ms of short ones, to hide the way."""
        if self._seconds is None or self._seconds >= 2 * _AHEAD_S:
            return 1
        return min(_MOST_AHEAD, 1 + math.ceil(_AHEAD_S / max(self._seconds, 1e-6)))

    def _send(self, process: ScorerProcess, task: Task) -> bool:
        """Sends a mini-batch once its files are on this machine; false if that can't be."""
        if self._owner.recovery.divides(task):
            return False
        root = self._owner.local_root
        files: list[str] = []
        if root is None:
            try:
                files = self._owner.fetched(task)
            except FetchError as error:
                self._owner.recovery.fetch_failed(task, error.reasons)
                return False
            except StorageError as error:  # no fault of the files: the store is gone, say
                if not self._owner.queue.is_closed:
                    self._owner.fail(error)
                return False
        names = [file.path for file in task.batch.files]
        process.send(task.key, names, root=root, files=files)
        return True

    def _take(self, task: Task, reply: Reply, room: Room) -> None:
        was_fresh, seconds = not self._calls, reply.header["seconds"]
        self._calls += 1
        self._began_s = time.monotonic()
        old = seconds if self._seconds is None else self._seconds
        self._seconds = old + (seconds - old) / 4
        try:
            read = self._replies.read(task, reply, room, was_fresh=was_fresh)
        except StorageError as error:  # no fault of the files: the disk is full, say
            self._owner.fail(error)
            return
        if not isinstance(read, Trouble):
            self._owner.recovery.succeeded(task, read)
            return
        # What is left of a process that ran out of memory is not to be trusted with more.
        self._is_spent |= read.kind is FailureKind.MEMORY
        self._keep(self._owner.recovery.failed(task, read))

    def _keep(self, task: Task | None) -> None:
        """Keeps what has to be the first of the next process; there is room for one."""
        if task is not None and self._kept is not None:
            self._owner.queue.put_back([task])
        elif task is not None:
            self._kept = task

    def _replace(self, error: DeadlineError | ProcessEndedError) -> None:
        """Kills the process. The mini-batch that it was at has failed; those behind it have not."""
        culprit = self._sent.popleft()
        kind, message = self._why(error)
        process_log = self._starter.log_name
        innocent, self._sent = self._sent, deque()
        self._starter.discard()
        self._owner.queue.put_back(innocent, as_new=True)
        if self._owner.queue.is_closed:
            return
        trouble = Trouble(
            stage=Stage.SCORE,
            kind=kind,
            message=message,
            seconds=time.monotonic() - self._began_s + self._starter.load_s,
            was_fresh=not self._calls,
            process_log=process_log,
        )
        self._keep(self._owner.recovery.failed(culprit, trouble))

    def _why(self, error: DeadlineError | ProcessEndedError) -> tuple[FailureKind, str]:
        if isinstance(error, DeadlineError):
            timeout_s = self._owner.launch.timeout_s
            message = f"no result within {timeout_s:g} s (retry_settings.timeout)"
            return FailureKind.TIMEOUT, message
        memory = self._starter.killed_for_memory(error.returncode)
        if memory:
            return FailureKind.MEMORY, f"the scorer process ran out of memory: {memory}"
        return FailureKind.CRASH, f"the scorer process ended: {error}"

    def _end(self) -> None:
        if self._kept is not None:  # another process has to do
            self._owner.queue.put_back([self._kept])
        self._starter.close(in_peace=not self._sent)
