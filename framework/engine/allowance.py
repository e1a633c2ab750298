"""What a pool may still spend on isolating, and how many more failed files its job tolerates."""

from __future__ import annotations

import threading

from framework.domain.limits import Limits
from framework.engine.assembly import Assembly
from framework.engine.work import Scored


class Allowance:
    """Adds what is going on here to what the driver knows of the whole job.

    What the driver has said is the ledger's at some moment. What has ended here since, and what is
    still going on, is not in it: it is added. What was on its way to the driver at that moment is
    missed until it says more; so both are never overestimated by one word, and nothing is stopped
    without cause.

    Args:
        isolation_budget_s: Seconds that isolating may cost in the whole job.
    """

    def __init__(self, isolation_budget_s: float) -> None:
        self._budget_s = isolation_budget_s
        self._told = Limits()
        self._assemblies: set[Assembly] = set()
        self._failed_since = 0
        self._isolated_since_s = 0.0
        self._call_files: int | None = None
        self._lock = threading.Lock()

    def tell(self, limits: Limits) -> None:
        """Takes what the driver says with a chunk; what comes late says nothing new."""
        with self._lock:
            if limits.call_files is not None:
                self._learn(limits.call_files)
            known, news = _known(self._told), _known(limits)
            if news < known:
                return
            self._told = limits
            if news > known:
                self._failed_since, self._isolated_since_s = 0, 0.0

    @property
    def call_files(self) -> int | None:
        """Most files in one scoring call; `None` where nothing was learnt of memory."""
        return self._call_files

    def learn(self, files: int) -> bool:
        """Takes what was learnt here of memory; says whether it is new."""
        with self._lock:
            return self._learn(files)

    def _learn(self, files: int) -> bool:
        is_new = self._call_files is None or files < self._call_files
        if is_new:
            self._call_files = files
        return is_new

    def open(self, assembly: Assembly) -> None:
        """A mini-batch is scored in several calls from now on."""
        with self._lock:
            self._assemblies.add(assembly)

    def finish(self, scored: Scored, assembly: Assembly | None) -> None:
        """A mini-batch has ended."""
        with self._lock:
            if assembly is not None:
                self._assemblies.discard(assembly)
            self._failed_since += len(scored.batch.files) - scored.succeeded
            self._isolated_since_s += scored.isolated_s

    @property
    def may_isolate(self) -> bool:
        """Whether isolating may still cost something."""
        with self._lock:
            running = sum(assembly.isolated_s for assembly in self._assemblies)
            return self._told.isolated_s + self._isolated_since_s + running < self._budget_s

    @property
    def is_exceeded(self) -> bool:
        """Whether more files are known to have failed than the job tolerates."""
        with self._lock:
            if self._told.tolerated is None:
                return False
            running = sum(assembly.failed for assembly in self._assemblies)
            return self._told.failed + self._failed_since + running > self._told.tolerated


def _known(limits: Limits) -> tuple[int, float]:
    return limits.failed, limits.isolated_s
