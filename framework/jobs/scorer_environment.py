"""The environment of a job's scorer processes: which one, and how its build is watched."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from framework.domain import phrases
from framework.environments import (
    CanceledError,
    EnvironmentSpec,
    PlannedEnvironment,
    ToolRunner,
    environment_in_use,
    packages_of_scorer,
    plan_environment,
    read_environment,
)
from framework.errors import ConfigurationError, JobCanceledError, Problem
from framework.jobs.log_writer import LogWriter
from framework.jobs.observing import Reporter
from framework.plugin.contributions import Contribution
from framework.settings import Settings

CURRENT = "current"
LOG = "environment.log"
_NEEDS_NOTHING = "framework.scoring.child."
_SAY_EVERY_S = 10.0
_LONGEST = 100


def choose_environment(
    settings: Settings, contribution: Contribution, stored: Mapping[str, Any] | None
) -> PlannedEnvironment | None:
    """The environment that a job's scorer processes run in; `None` for this interpreter.

    Args:
        settings: The job's.
        contribution: The scorer, whose package is brought there.
        stored: The environment that the job began with; what the settings say where absent.

    Raises:
        UsageError: It is written wrongly, or can't be built on this machine.
    """
    spec = EnvironmentSpec.from_document(stored) if stored else _asked_for(settings)
    if spec is None:
        return None
    if contribution.factory.startswith(_NEEDS_NOTHING):
        return plan_environment(spec)
    return plan_environment(spec, packages_of_scorer(contribution.distribution, contribution.name))


def _asked_for(settings: Settings) -> EnvironmentSpec | None:
    environment = settings.environment
    is_described = environment.conda_file is not None or environment.requirements is not None
    if environment.name == CURRENT:
        return None
    if is_described:
        return read_environment(
            conda_file=environment.conda_file, requirements=environment.requirements
        )
    if environment.name is None or environment.image is not None:
        return None
    message = (
        f"{environment.name!r} has neither conda_file nor requirements, so it can't be built; "
        f"environment={CURRENT} runs the scorer in this interpreter"
    )
    raise ConfigurationError(Problem(key="environment", message=message))


class ScorerEnvironment:
    """The environment while its job runs: built first where it is not there.

    Args:
        planned: Which; `None` for this interpreter.
        reporter: Is told how the build goes.
        log: Takes what the tools that build have to say.
        job: The job's name.
        clock: In seconds, steady.
    """

    def __init__(
        self,
        planned: PlannedEnvironment | None,
        reporter: Reporter,
        log: LogWriter,
        job: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._planned = planned
        self._reporter = reporter
        self._log = log
        self._job = job
        self._clock = clock
        self._runner = ToolRunner(self._hear)
        self._lock = threading.Lock()
        self._began_at: float | None = None
        self._said_at = 0.0
        self._line = ""

    def cancel(self) -> None:
        """Stops the build, if there is one; from any thread."""
        self._runner.cancel()

    @contextlib.contextmanager
    def in_use(self) -> Iterator[str]:
        """The interpreter, which nobody removes meanwhile; empty for the instances' own.

        Raises:
            EnvironmentBuildError: It can't be built.
            JobCanceledError: The job was canceled while it was built.
        """
        if self._planned is None:
            yield ""
            return
        for note in self._planned.notes:
            self._reporter.notice(f"note: {note}")
        with contextlib.ExitStack() as stack:
            try:
                built = stack.enter_context(environment_in_use(self._planned, self._runner))
            except CanceledError:
                raise JobCanceledError(f"job {self._job} was canceled") from None
            finally:
                seconds = self._end_of_build()
                self._log.close()
            if seconds is not None:
                self._reporter.notice(f"environment built in {phrases.duration(seconds)}")
            yield str(built.python)

    def tick(self) -> None:
        """Says how far the build is, every ten seconds; from any thread."""
        with self._lock:
            now = self._clock()
            if self._began_at is None or now - self._said_at < _SAY_EVERY_S:
                return
            self._said_at = now
            text = f"building environment ({phrases.duration(now - self._began_at)}): {self._line}"
        self._reporter.notice(text)

    def _hear(self, line: str) -> None:
        """Takes a line of the tool that builds: the first one says that there is a build."""
        with self._lock:
            is_first, self._line = self._began_at is None, line.strip()[:_LONGEST]
            if is_first:
                self._began_at = self._said_at = self._clock()
        if is_first and self._planned is not None:
            what = f"{self._planned.spec.source} ({self._planned.summary})"
            self._reporter.notice(f"building the environment of {what}; it is kept for other jobs")
        self._log.add(f"{line}\n".encode("utf-8", "backslashreplace"))

    def _end_of_build(self) -> float | None:
        """The seconds that a build took; `None` where there was none."""
        with self._lock:
            began_at, self._began_at = self._began_at, None
            return None if began_at is None else self._clock() - began_at
