"""Starting the scorer process of a serving thread, and ending it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable

from framework.engine.memory import MemoryWatch
from framework.engine.work import WorkQueue
from framework.errors import ScorerInitError
from framework.scoring.launch import Launch, Room
from framework.scoring.process import DeadlineError, ProcessEndedError, ScorerProcess

_CLOSE_S = 5.0
_MOST_STARTS = 3


class Starter:
    """Has at most one scorer process at a time. Used by one thread; `kill` may come from any.

    Args:
        number: Which of the pool's processes this is.
        launch: How it is started.
        room: Makes fresh folders for a process.
        queue: Whose closing ends all starting.
        memory: Watches what processes hold.
        on_loaded: Called whenever a process has loaded its model.

    Attributes:
        process: The process; `None` between two.
        load_s: How long the last one took to load.
    """

    def __init__(
        self,
        number: int,
        launch: Launch,
        *,
        room: Callable[[int], Room],
        queue: WorkQueue,
        memory: MemoryWatch,
        on_loaded: Callable[[], None],
    ) -> None:
        self.number = number
        self.process: ScorerProcess | None = None
        self.load_s = 0.0
        self._launch = launch
        self._room = room
        self._queue = queue
        self._memory = memory
        self._on_loaded = on_loaded
        self._last_log = ""

    @property
    def log_name(self) -> str:
        """The log file of the process, or of the last one."""
        return self.process.room.log.name if self.process else self._last_log

    def start(self) -> tuple[ScorerProcess, str] | None:
        """Starts a process and loads its model; `None` if the queue was closed meanwhile.

        Returns:
            The process, and how it encodes rows.

        Raises:
            ScorerInitError: It can't be loaded.
        """
        attempt = 0
        while not self._queue.is_closed:
            attempt += 1
            process = self.process = self._launched()
            try:
                # Whoever closed the queue just now may have missed this process.
                if not self._queue.is_closed:
                    encoding = self._load(process)
                    self._on_loaded()
                    return process, encoding
            except ProcessEndedError as ended:
                self._check_worth_trying(ended, attempt)
            self.discard()
        return None

    def _launched(self) -> ScorerProcess:
        made: list[ScorerProcess] = []
        process = ScorerProcess(
            self._launch,
            self._room(self.number),
            on_started=lambda pid: self._memory.add(pid, made[0].kill),
        )
        made.append(process)
        return process

    def _check_worth_trying(self, ended: ProcessEndedError, attempt: int) -> None:
        if self._queue.is_closed:
            return
        memory = self.killed_for_memory(ended.returncode)
        if memory:
            raise ScorerInitError(f"the scorer ran out of memory while loading: {memory}") from None
        if attempt == _MOST_STARTS:
            message = f"the scorer's process ended while loading: {ended}"
            raise ScorerInitError(message) from None

    def _load(self, process: ScorerProcess) -> str:
        began, timeout_s = time.monotonic(), self._launch.init_timeout_s
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
        self.load_s = time.monotonic() - began
        return str(reply["encoding"])

    def killed_for_memory(self, returncode: int | None) -> str:
        """Why the process, which has ended, was killed for memory; empty if it was not."""
        pid = self.process.pid if self.process else None
        return self._memory.verdict(pid, returncode)

    def kill(self) -> None:
        """Kills the process; from any thread."""
        process = self.process
        if process is not None:
            process.kill()

    def discard(self) -> None:
        """Kills the process, if there is one, and removes its folders."""
        if self.process is None:
            return
        room = self.process.room
        self._memory.forget(self.process.pid)
        self.process.kill()
        self.process.release()
        self.process = None
        self._last_log = room.log.name
        shutil.rmtree(room.folder, ignore_errors=True)

    def close(self, *, in_peace: bool) -> None:
        """Ends the process for good, and lets it do so by itself if `in_peace`."""
        if self.process is not None and in_peace:
            self._memory.forget(self.process.pid)
            self.process.close(_CLOSE_S)
        self.discard()
