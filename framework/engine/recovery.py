"""What follows from the calls: finished mini-batches, other tries, split ones, failed files."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from framework.domain.isolation import Verdict, judge
from framework.domain.outcomes import CallLimit, Failure, FailureKind, Stage
from framework.engine.allowance import Allowance
from framework.engine.assembly import Assembly
from framework.engine.work import PoolSpec, Scored, Task, WorkQueue

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """How a scoring call has failed.

    Attributes:
        stage: Where it happened.
        kind: What kind of failure it was.
        message: One line.
        traceback: The user's own, if there was one.
        seconds: What the call has cost, with the start of another process where it takes one.
        was_fresh: Whether it was the first call of its process.
        is_final: Whether another try can't help.
        process_log: The log file of the scorer process.
    """

    stage: Stage
    kind: FailureKind
    message: str
    traceback: str = ""
    seconds: float = 0.0
    was_fresh: bool = False
    is_final: bool = False
    process_log: str = ""


class Recovery:
    """Decides, for all serving threads of a pool, what follows from a call.

    Args:
        spec: The pool's.
        queue: Where what is to be scored again goes.
        on_finished: Takes a mini-batch that has succeeded or failed for good.
        on_exceeded: Called when more files are known to have failed than the job tolerates.
        local_root: What makes local paths of files' paths; `None` where files are fetched.
    """

    def __init__(
        self,
        spec: PoolSpec,
        queue: WorkQueue,
        *,
        on_finished: Callable[[Task, Scored], None],
        on_exceeded: Callable[[], None],
        local_root: str | None,
    ) -> None:
        self._spec = spec
        self._queue = queue
        self._on_finished = on_finished
        self._on_exceeded = on_exceeded
        self._local_root = local_root
        self._joins_blocks = bool(spec.output_format and spec.output_format.joins_blocks)
        self._lock = threading.Lock()
        self._call_limit: CallLimit | None = None
        self._notices: list[str] = []
        self.allowance = Allowance(spec.isolation_budget_s)

    def news(self) -> tuple[CallLimit | None, tuple[str, ...]]:
        """What the driver should hear with the next receipt: what was learnt, and notices."""
        with self._lock:
            news = self._call_limit, tuple(self._notices)
            self._call_limit, self._notices = None, []
            return news

    # --- before a call

    def divides(self, task: Task) -> bool:
        """Splits a mini-batch that has more files than fit into memory; says whether it did."""
        most = self.allowance.call_files
        if most is None or task.piece is not None or len(task.batch.files) <= most or task.tries:
            return False
        self._queue.put_back(self._assembly(task).begin(most=most))
        return True

    def fetch_failed(self, task: Task, reasons: Mapping[str, str]) -> None:
        """Files of a mini-batch can't be had: they fail by themselves, the others are scored."""
        places = enumerate(task.batch.files)
        gone = {place: reasons[file.path] for place, file in places if file.path in reasons}
        assembly = self._assembly(task)
        self._go_on(assembly, assembly.begin(gone=gone))

    # --- after a call

    def succeeded(self, task: Task, scored: Scored) -> None:
        """Takes what a call has brought."""
        task.tries += 1
        if self._wants_names(task, scored):
            assembly = task.assembly or self._whole(task)
            self._go_on(assembly, assembly.scatter(task, scored.seconds))
        elif task.assembly is not None:
            self._go_on(task.assembly, task.assembly.succeed(task, scored))
        else:
            self._finish(task, scored, None)

    def failed(self, task: Task, trouble: Trouble) -> Task | None:
        """Takes a failed call.

        Returns:
            The task, where it is to be scored again first of all in the caller's next process.
        """
        task.tries += 1
        logger.info("mini-batch %s, try %d: %s", task.key, task.tries, trouble.message)
        verdict = self._verdict(task, trouble)
        if verdict in {Verdict.AGAIN, Verdict.AGAIN_FRESH}:
            if task.assembly is not None:
                task.assembly.note_again(trouble.seconds, task)
            if verdict is Verdict.AGAIN_FRESH:
                return task
            self._queue.put_back([task])
        elif verdict is Verdict.SPLIT and self._may_isolate():
            self._split(task, trouble)
        else:
            self._fail(task, trouble, is_cut_short=verdict is Verdict.SPLIT)
        return None

    def _verdict(self, task: Task, trouble: Trouble) -> Verdict:
        return judge(
            trouble.kind,
            files=len(task.batch.files),
            tries=task.tries,
            max_tries=0 if trouble.is_final else self._spec.max_tries,
            is_trial=task.piece is not None and task.piece.is_trial,
            was_fresh=trouble.was_fresh,
            isolates=self._spec.isolates,
        )

    def _may_isolate(self) -> bool:
        if self.allowance.may_isolate:
            return True
        notice = (
            f"retry_settings.isolation_budget ({self._spec.isolation_budget_s:g} s) is used up: "
            "files that fail together are not told apart from here on"
        )
        with self._lock:
            if notice not in self._notices:
                self._notices.append(notice)
        return False

    def _split(self, task: Task, trouble: Trouble) -> None:
        if task.assembly is None and (gone := self._gone(task)):
            assembly = self._assembly(task)
            pieces = assembly.begin(calls=task.tries, gone=gone, is_trial=True)
        else:
            assembly = task.assembly or self._whole(task)
            pieces = assembly.split(task, trouble.kind, trouble.seconds)
        self._go_on(assembly, pieces)

    def _gone(self, task: Task) -> dict[int, str]:
        """Files that are used in place, and are not there any more or can't be read."""
        if self._local_root is None:
            return {}
        found = {}
        for place, file in enumerate(task.batch.files):
            path = self._local_root + file.path
            if not os.access(path, os.F_OK):
                found[place] = "it is not there any more"
            elif not os.access(path, os.R_OK):
                found[place] = "permission denied"
        return found

    def _wants_names(self, task: Task, scored: Scored) -> bool:
        """Whether a short result, which does not say which files are missing, is looked into."""
        return (
            self._spec.isolates_short
            and len(task.batch.files) > 1
            and any(not failure.files for failure in scored.failures)
            and self._may_isolate()
        )

    def _fail(self, task: Task, trouble: Trouble, *, is_cut_short: bool) -> None:
        spent = " (retry_settings.isolation_budget is used up: its files were not told apart)"
        failure = Failure(
            files=tuple(file.path for file in task.batch.files),
            count=len(task.batch.files),
            stage=trouble.stage,
            kind=trouble.kind,
            message=trouble.message + (spent if is_cut_short else ""),
            traceback=trouble.traceback,
            process_log=trouble.process_log,
        )
        if task.assembly is not None:
            self._go_on(task.assembly, task.assembly.fail(task, failure, trouble.seconds))
            return
        scored = Scored(task.batch, task.tries, trouble.seconds, succeeded=0, failures=(failure,))
        self._finish(task, scored, None)

    # --- assemblies

    def _assembly(self, task: Task) -> Assembly:
        assembly = Assembly(task, joins_blocks=self._joins_blocks, is_whole=not self._spec.isolates)
        task.ticket.open(assembly)
        self.allowance.open(assembly)
        return assembly

    def _whole(self, task: Task) -> Assembly:
        assembly = self._assembly(task)
        assembly.take_whole(task)
        return assembly

    def _go_on(self, assembly: Assembly, tasks: list[Task]) -> None:
        if tasks:
            self._queue.put_back(tasks)
        if assembly.ends():
            self._learn(assembly)
            task = Task(assembly.batch, assembly.ticket)
            self._finish(task, assembly.result(), assembly)
        elif self.allowance.is_exceeded:
            self._on_exceeded()

    def _learn(self, assembly: Assembly) -> None:
        limit = assembly.learnt
        if limit is not None and self.allowance.learn(limit.files):
            with self._lock:
                self._call_limit = limit

    def _finish(self, task: Task, scored: Scored, assembly: Assembly | None) -> None:
        self.allowance.finish(scored, assembly)
        self._on_finished(task, scored)
        if scored.succeeded < len(scored.batch.files) and self.allowance.is_exceeded:
            self._on_exceeded()
