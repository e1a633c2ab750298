"""A job's connection to a cluster, and the instances that serve it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, TypeVar

from distributed import Client

from framework.engine import calls, vault
from framework.engine.connecting import connected
from framework.engine.contract import Compute
from framework.engine.reach import Look, Reached, look_from
from framework.engine.recruiting import Recruiter
from framework.engine.roster import SILENT_S, Roster
from framework.engine.survey import Surveyed, refusals
from framework.errors import FrameworkError, JobCanceledError, JobError, NoInstancesError
from framework.storage import Options

logger = logging.getLogger(__name__)
A = TypeVar("A")
T = TypeVar("T")

_POLL_S = 0.2
_ANSWER_S = 10.0


class SchedulerLostError(JobError):
    """The connection to the scheduler is lost."""


class Session:
    """The instances that serve one job.

    Args:
        client: Connected to the cluster.
        compute: What the cluster came from.
        wanted: How many instances there shall be.
        on_notice: Told what people should know.
    """

    def __init__(
        self,
        client: Client,
        compute: Compute,
        wanted: int,
        on_notice: Callable[[str], None] | None = None,
    ) -> None:
        self.client = client
        self.roster = Roster(wanted)
        self._on_notice = on_notice or logger.info
        self._notices: SimpleQueue[str] = SimpleQueue()
        self._compute = compute
        self._recruiter = Recruiter(client, compute, self.roster, self.notice)
        self._address = str(client.scheduler.address)

    @property
    def dashboard_link(self) -> str:
        """The address of Dask's dashboard; empty where there is none."""
        return self.client.dashboard_link or ""

    @property
    def instances(self) -> tuple[str, ...]:
        """The addresses of the chosen workers, as they are now."""
        return tuple(member.address for member in self.roster.members)

    def label(self, address: str) -> str:
        """What an instance is called in the names of log files."""
        return self.roster.label(address)

    @property
    def is_lost(self) -> bool:
        """Whether there is no connection to the scheduler."""
        return bool(self.client.status != "running")

    @property
    def is_in_process(self) -> bool:
        """Whether the instances are in this process, and see what it sees."""
        return self._compute.is_in_process

    def notice(self, text: str) -> None:
        """Keeps what people should know for the next `tell`: from the client's loop, too."""
        self._notices.put(text)

    def tell(self) -> None:
        """Tells people what there is to tell; from any thread but the client's."""
        while not self._notices.empty():
            self._on_notice(self._notices.get())

    def close(self) -> None:
        """Waits for no answers any more."""
        self.client.loop.add_callback(self._recruiter.close)

    # --- choosing ------------------------------------------------------------------------------

    def assemble(self, timeout_s: float, is_canceled: Callable[[], bool]) -> None:
        """Chooses the instances among the workers that are there, or come.

        Raises:
            NoInstancesError: No worker came that can serve.
            JobCanceledError: Nobody waits for them any more.
        """
        deadline = time.monotonic() + timeout_s
        while not self.instances:
            there = calls.start(self.client, self.present()).result()
            unfit = calls.start(self.client, self.recruit(there)).result()
            self.tell()
            if self.instances:
                break
            if unfit and self._recruiter.unfit >= there:
                raise NoInstancesError(f"no worker can serve: {'; '.join(refusals(unfit))}")
            if is_canceled():
                raise JobCanceledError("the job was canceled while it waited for an instance")
            if time.monotonic() >= deadline:
                raise NoInstancesError(
                    f"no instance came within {timeout_s:g} s (compute.wait_timeout)"
                )
            time.sleep(_POLL_S)
        self._recruiter.is_late = True
        here = len(self.instances)
        if here < self.roster.wanted:
            self.notice(
                f"{here} of {self.roster.wanted} instances are here: the job starts with "
                f"{'it' if here == 1 else 'them'}, and takes others when they come"
            )
            self.tell()

    async def present(self, timeout_s: float = _ANSWER_S) -> set[str]:
        """The workers that the scheduler knows and that take tasks; from the client's loop.

        Raises:
            SchedulerLostError: The connection is lost.
            UnheardError: It does not answer.
        """
        if self.is_lost:
            raise self._lost()
        try:
            told = await asyncio.wait_for(self.client.scheduler.identity(n_workers=-1), timeout_s)
        except TimeoutError as error:
            raise calls.UnheardError(f"no answer from {self._address}") from error
        except (OSError, AttributeError) as error:
            raise self._lost() from error
        workers: Mapping[str, Mapping[str, Any]] = told["workers"]
        return {each for each, known in workers.items() if known["status"] == "running"}

    def _lost(self) -> SchedulerLostError:
        return SchedulerLostError(f"the connection to the scheduler at {self._address} is lost")

    async def recruit(self, there: set[str]) -> list[Surveyed]:
        """Fills vacancies with those who can serve; returns who can't; from the client's loop."""
        return await self._recruiter.recruit(there)

    def leave_out(self, address: str, problem: str) -> None:
        """Takes a worker for unfit, as long as it is there."""
        self._recruiter.leave_out(address, problem)

    def dismiss(self, address: str, problem: str) -> None:
        """Goes on without an instance, and never takes it again as long as it is there."""
        for member in self.roster.members:
            if member.address == address:
                self.roster.lose(member)
        self.leave_out(address, problem)
        self.tell()

    # --- reaching ------------------------------------------------------------------------------

    def reach(self, looks: Sequence[Look], options: Options) -> dict[str, Reached]:
        """Whether each instance sees what the job needs, and the same as the driver.

        Args:
            looks: What to look at.
            options: What opens the stores. It may hold secrets, and travels in no task.

        Returns:
            By address, by the look's name, why it can't be seen; empty where it can. Those that
            have not answered are no instances any more, until they do.
        """
        return calls.start(self.client, self._reach(looks, options)).result()

    async def _reach(self, looks: Sequence[Look], options: Options) -> dict[str, Reached]:
        async def ask(address: str) -> Reached | None:
            try:
                return await look_from(self.client, address, looks, options)
            except calls.UnheardError as error:
                self._lost_at(address)
                self.notice(f"{self.label(address)} ({address}) is not heard of: {error}")
                return None

        addresses = self.instances
        answers = await asyncio.gather(*map(ask, addresses))
        return {
            address: answer
            for address, answer in zip(addresses, answers, strict=True)
            if answer is not None
        }

    def require(self, looks: Sequence[Look], options: Options) -> None:
        """Takes none from now on that does not see all of this."""
        self._recruiter.looks, self._recruiter.options = looks, options

    # --- running -------------------------------------------------------------------------------

    def run(
        self,
        name: str,
        function: Callable[[A, Options], T],
        arguments: Sequence[A],
        options: Options,
    ) -> T:
        """Runs a function as a task on one of the instances, on another where that one is lost.

        Args:
            name: The task's, with the number of the attempt behind it.
            function: What to run.
            arguments: Its argument for each attempt: one that is lost may still go on somewhere.
            options: What opens its stores, its second argument: it travels beside the task.

        Raises:
            FrameworkError: As the function does.
            NoInstancesError: All those are lost that it was run on.
        """
        for attempt, argument in enumerate(arguments):
            run = self._run(f"{name}-{attempt}", function, argument, options)
            try:
                result: T | FrameworkError = calls.start(self.client, run).result()
            except calls.LostTaskError as error:
                self.notice(f"{name} was lost and is run again: {error}")
                self.tell()
                continue
            if isinstance(result, FrameworkError):
                raise result
            return result
        raise NoInstancesError(f"{name}: {len(arguments)} instances were lost one after the other")

    async def _run(
        self, key: str, function: Callable[[A, Options], T], argument: A, options: Options
    ) -> T | FrameworkError:
        try:
            there = await self.present()
        except calls.UnheardError as error:
            raise calls.LostTaskError(str(error)) from error
        await self.recruit(there)
        address = next((each for each in self.instances if each in there), None)
        if address is None:
            raise NoInstancesError(f"{key}: no instance is left")
        try:
            await calls.call(self.client, address, vault.put, key, options, timeout_s=_ANSWER_S)
        except calls.UnheardError as error:
            raise self._lost_at(address) from error
        future = calls.submit(self.client, address, key, _run, function, argument, key)
        result = asyncio.ensure_future(calls.result_of(self.client, future))
        try:
            await self._watch(address, key, result)
            return await result
        finally:
            result.cancel()
            future.release()

    async def _watch(self, address: str, key: str, result: asyncio.Future[Any]) -> None:
        """Waits for a task, as long as the worker that it runs on is heard of."""
        silent_s = 0.0
        while not result.done() and silent_s < SILENT_S:
            await asyncio.wait([result], timeout=1.0)
            if result.done():
                return
            try:
                silent_s += 1.0
                if address not in await self.present():
                    break
                await calls.call(self.client, address, vault.keep, key, timeout_s=2.0)
                silent_s = 0.0
            except calls.UnheardError as error:
                logger.info("%s: %s", address, error)
        raise self._lost_at(address)

    def _lost_at(self, address: str) -> calls.LostTaskError:
        for member in self.roster.members:
            if member.address == address:
                self.roster.lose(member)
        return calls.LostTaskError(f"{address} is not heard of")


def _run(function: Callable[[A, Options], T], argument: A, key: str) -> T | FrameworkError:
    """Returns an expected error: Dask would log one that is raised as if it were a defect."""
    try:
        return function(argument, vault.take(key))
    except FrameworkError as error:
        return error
    finally:
        vault.drop(key)


@contextmanager
def open_session(
    compute: Compute,
    instances: int,
    wait_timeout_s: float,
    on_notice: Callable[[str], None] | None = None,
    is_canceled: Callable[[], bool] = lambda: False,
) -> Iterator[Session]:
    """Connects to a compute's cluster and chooses the instances.

    Args:
        compute: How the cluster comes to be.
        instances: How many there shall be.
        wait_timeout_s: Seconds to wait for the first one.
        on_notice: Told what people should know.
        is_canceled: Asked, while it waits, whether anybody still wants them.

    Raises:
        NoInstancesError: No worker that can serve was there within `wait_timeout_s` seconds.
        JobError: There is no scheduler.
    """
    with compute.cluster(instances) as cluster, connected(compute, cluster) as client:
        session = Session(client, compute, instances, on_notice)
        try:
            session.assemble(wait_timeout_s, is_canceled)
            yield session
        finally:
            session.close()
