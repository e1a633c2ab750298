"""The thread that serves one scorer process: feeds it, waits under deadlines, replaces it."""

from __future__ import annotations

import logging
import math
import shutil
from collections import deque
from typing import Any, Protocol

from framework.domain.outcomes import ExtraFile, Failure, FailureKind, Stage
from framework.engine.work import Scored, Task, WorkQueue
from framework.errors import FrameworkError, ScorerInitError, StorageError
from framework.outputs import Column, Encoded
from framework.scoring.launch import Launch, Room
from framework.scoring.process import DeadlineError, ProcessEndedError, Reply, ScorerProcess

logger = logging.getLogger(__name__)

_AHEAD_S = 0.01
_MOST_AHEAD = 256
_CLOSE_S = 5.0
_MOST_STARTS = 3


class Owner(Protocol):
    """What the thread needs of its pool."""

    queue: WorkQueue

    @property
    def launch(self) -> Launch:
        """How its scorer processes are started."""

    @property
    def max_tries(self) -> int:
        """Most tries of a failing mini-batch in all."""

    def room(self, number: int) -> Room:
        """Fresh folders for a process."""

    @property
    def local_root(self) -> str | None:
        """What makes local paths of files' paths; `None` where files have to be fetched."""

    def fetched(self, task: Task) -> list[str]:
        """Where the task's files lie on this machine, once they are fetched."""

    def stage_extras(self, task: Task, room: Room, names: list[str]) -> tuple[ExtraFile, ...]:
        """Stages what a script wrote beside its rows."""

    def finish(self, task: Task, scored: Scored) -> None:
        """Takes a finished mini-batch."""

    def encode_columns(self, payload: bytes) -> Encoded:
        """Encodes rows that the process could not encode by itself."""

    def process_started(self) -> None:
        """A process has loaded its model."""

    def fail(self, error: FrameworkError) -> None:
        """Nothing more can be scored here."""

    def process_retired(self, error: ScorerInitError) -> None:
        """This thread's process can't be started, and won't be tried again."""


class ServingThread:
    """Serves one scorer process until the queue is closed.

    Args:
        owner: The pool.
        number: Which of the pool's processes this is.
    """

    def __init__(self, owner: Owner, number: int) -> None:
        self._owner = owner
        self._number = number
        self._process: ScorerProcess | None = None
        self._sent: deque[Task] = deque()
        self._last_log = ""
        self._sends_columns = False
        self._columns: tuple[Column, ...] = ()
        self._seconds: float | None = None

    def run(self) -> None:
        """The thread's body."""
        try:
            while not self._owner.queue.is_closed:
                process = self._process or self._start()
                if process is None:
                    return
                self._serve(process)
        except ScorerInitError as error:
            self._owner.process_retired(error)
        except Exception as error:
            logger.exception("serving scorer process %d failed", self._number)
            self._owner.fail(FrameworkError(f"internal error while scoring: {error!r}"))
        finally:
            self._end()

    def kill(self) -> None:
        """Kills the process; from any thread."""
        process = self._process
        if process is not None:
            process.kill()

    def _start(self) -> ScorerProcess | None:
        """Starts the process and loads its model; `None` if the queue was closed meanwhile."""
        attempt = 0
        while not self._owner.queue.is_closed:
            attempt += 1
            process = self._process = ScorerProcess(
                self._owner.launch, self._owner.room(self._number)
            )
            try:
                # Whoever closed the queue just now may have missed this process.
                if not self._owner.queue.is_closed:
                    self._load(process)
                    self._owner.process_started()
                    return process
            except ProcessEndedError as ended:
                if attempt == _MOST_STARTS and not self._owner.queue.is_closed:
                    message = f"the scorer's process ended while loading: {ended}"
                    raise ScorerInitError(message) from None
            self._discard_process()
        return None

    def _load(self, process: ScorerProcess) -> None:
        timeout_s = self._owner.launch.init_timeout_s
        try:
            reply = process.receive(timeout_s).header
        except DeadlineError:
            raise ScorerInitError(
                f"the scorer was not loaded within {timeout_s:g} s (retry_settings.init_timeout)"
            ) from None
        if not reply["ok"]:
            raise ScorerInitError(
                f"the scorer could not be loaded: {reply['message']}",
                user_traceback=reply["traceback"],
            )
        self._sends_columns = reply["encoding"] == "columns"
        self._columns = ()

    def _serve(self, process: ScorerProcess) -> None:
        """Scores until the queue is closed or the process has to be replaced."""
        while self._fill(process) or not self._owner.queue.is_closed:
            if self._process is None:
                return
            if not self._sent:
                continue
            task = self._sent[0]
            try:
                reply = process.receive(self._owner.launch.timeout_s)
            except (DeadlineError, ProcessEndedError) as error:
                self._replace(error)
                return
            self._sent.popleft()
            self._take(task, reply, process.room)

    def _fill(self, process: ScorerProcess) -> bool:
        """Tops up what the process has; waits for a mini-batch if it has none."""
        window = self._window()
        if len(self._sent) <= window // 2:  # several at a time: each trip to the queue costs
            is_idle = not self._sent
            tasks = self._owner.queue.take(window - len(self._sent), wait=is_idle)
            if is_idle and process.has_ended():  # no fault of what comes next
                self._owner.queue.put_back(tasks, as_new=True)
                self._discard_process()
                return False
            for task in tasks:
                if self._send(process, task):
                    self._sent.append(task)
            process.flush()
        return bool(self._sent)

    def _window(self) -> int:
        """Mini-batches to have in the process: one, and 10 ms of short ones, to hide the way."""
        if self._seconds is None or self._seconds >= 2 * _AHEAD_S:
            return 1
        return min(_MOST_AHEAD, 1 + math.ceil(_AHEAD_S / max(self._seconds, 1e-6)))

    def _send(self, process: ScorerProcess, task: Task) -> bool:
        """Sends a mini-batch once its files are on this machine; false if they can't be had."""
        root = self._owner.local_root
        files: list[str] = []
        if root is None:
            try:
                files = self._owner.fetched(task)
            except StorageError as error:
                self._fail(task, Stage.FETCH, FailureKind.FETCH, str(error), final=True)
                return False
        names = [file.path for file in task.batch.files]
        process.send(str(task.batch.index), names, root=root, files=files)
        return True

    def _take(self, task: Task, reply: Reply, room: Room) -> None:
        header = reply.header
        seconds = header["seconds"]
        old = seconds if self._seconds is None else self._seconds
        self._seconds = old + (seconds - old) / 4
        if not header["ok"]:
            self._fail(
                task,
                Stage(header["stage"]),
                FailureKind(header["kind"]),
                header["message"],
                traceback=header["traceback"],
                seconds=seconds,
            )
            return
        task.tries += 1
        self._finish(task, reply, room)

    def _finish(self, task: Task, reply: Reply, room: Room) -> None:
        try:
            self._owner.finish(task, self._scored(task, reply, room))
        except StorageError as error:  # no fault of the files: the disk is full, say
            self._owner.fail(error)
        except Exception as error:  # noqa: BLE001  a stranger's format may raise anything
            message = f"the rows can't be encoded: {error!r}"
            self._fail(task, Stage.ENCODE, FailureKind.EXCEPTION, message, final=True)

    def _scored(self, task: Task, reply: Reply, room: Room) -> Scored:
        header, payload = reply
        if "columns" in header:
            self._columns = tuple((name, kind) for name, kind in header["columns"])
        columns = self._columns
        if self._sends_columns and columns:
            payload, columns = self._owner.encode_columns(payload)
        extras = header.get("extras", [])
        files = len(task.batch.files)
        succeeded = min(header["items"], files)
        return Scored(
            batch=task.batch,
            tries=task.tries,
            seconds=header["seconds"],
            succeeded=succeeded,
            rows=header["rows"],
            payload=payload,
            columns=columns,
            failures=self._short(task, header) if succeeded < files else (),
            extras=self._owner.stage_extras(task, room, extras) if extras else (),
        )

    def _short(self, task: Task, header: dict[str, Any]) -> tuple[Failure, ...]:
        files, items = len(task.batch.files), header["items"]
        return (
            Failure(
                files=tuple(header.get("missing") or ()),
                count=files - items,
                stage=Stage.SCORE,
                kind=FailureKind.SHORT_RESULT,
                message=f"run() returned {items} results for a mini-batch of {files}",
                process_log=self._log_name,
            ),
        )

    def _replace(self, error: Exception) -> None:
        """Kills the process. The mini-batch that it was at has failed; those behind it have not."""
        culprit = self._sent.popleft()
        innocent, self._sent = self._sent, deque()
        self._discard_process()
        self._owner.queue.put_back(innocent, as_new=True)
        if self._owner.queue.is_closed:
            return
        timeout_s = self._owner.launch.timeout_s
        if isinstance(error, DeadlineError):
            message = f"no result within {timeout_s:g} s (retry_settings.timeout)"
            self._fail(culprit, Stage.SCORE, FailureKind.TIMEOUT, message, seconds=timeout_s)
        else:
            message = f"the scorer process ended: {error}"
            self._fail(culprit, Stage.SCORE, FailureKind.CRASH, message)

    def _fail(
        self,
        task: Task,
        stage: Stage,
        kind: FailureKind,
        message: str,
        *,
        traceback: str = "",
        seconds: float = 0.0,
        final: bool = False,
    ) -> None:
        if not final or not task.tries:
            task.tries += 1
        logger.info("mini-batch %d, try %d: %s", task.batch.index, task.tries, message)
        if task.tries < self._owner.max_tries and not final:
            self._owner.queue.put_back([task])
            return
        failure = Failure(
            files=tuple(file.path for file in task.batch.files),
            count=len(task.batch.files),
            stage=stage,
            kind=kind,
            message=message,
            traceback=traceback,
            process_log=self._log_name,
        )
        scored = Scored(task.batch, task.tries, seconds, succeeded=0, failures=(failure,))
        self._owner.finish(task, scored)

    @property
    def _log_name(self) -> str:
        return self._process.room.log.name if self._process else self._last_log

    def _discard_process(self) -> None:
        if self._process is not None:
            room = self._process.room
            self._process.kill()
            self._process.release()
            self._process = None
            self._last_log = room.log.name
            shutil.rmtree(room.folder, ignore_errors=True)

    def _end(self) -> None:
        if self._process is not None and not self._sent:
            self._process.close(_CLOSE_S)
        self._discard_process()
