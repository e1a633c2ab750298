"""A job's connection to a cluster, and the instances that serve it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

from distributed import Client

from framework.engine import calls
from framework.engine.connecting import connected
from framework.engine.contract import Compute
from framework.engine.reach import Look, Reached, look_from
from framework.engine.recruiting import Recruiter
from framework.engine.roster import Roster
from framework.engine.survey import Surveyed, refusals
from framework.errors import JobCanceledError, JobError, NoInstancesError
from framework.storage import Options

logger = logging.getLogger(__name__)

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
        workers = await self._workers(timeout_s)
        return {each for each, known in workers.items() if known["status"] == "running"}

    async def _workers(self, timeout_s: float = _ANSWER_S) -> Mapping[str, Mapping[str, Any]]:
        if self.is_lost:
            raise self._lost()
        try:
            told = await asyncio.wait_for(self.client.scheduler.identity(n_workers=-1), timeout_s)
        except TimeoutError as error:
            raise calls.UnheardError(f"no answer from {self._address}") from error
        except (OSError, AttributeError) as error:
            raise self._lost() from error
        workers: Mapping[str, Mapping[str, Any]] = told["workers"]
        return workers

    def _lost(self) -> SchedulerLostError:
        return SchedulerLostError(f"the connection to the scheduler at {self._address} is lost")

    async def recruit(self, there: set[str]) -> list[Surveyed]:
        """Fills vacancies with those who can serve; returns who can't; from the client's loop."""
        return await self._recruiter.recruit(there)

    def leave_out(self, address: str, problem: str) -> None:
        """Takes a worker for unfit, as long as it is there."""
        self._recruiter.leave_out(address, problem)

    def lose(self, address: str) -> None:
        """Goes on without an instance until it is heard of again."""
        for member in self.roster.members:
            if member.address == address:
                self.roster.lose(member)

    async def shrink(self) -> None:
        """Gives back all workers that are no instances, where they were started for the job.

        Those, too, that have not come yet: there is no work for them. From the client's loop.
        """
        if self._compute.is_shared or self._compute.is_in_process:
            return
        try:
            workers = await self._workers()
            kept = {str(workers[each]["name"]) for each in self.instances if each in workers}
            await self._compute.shrink(self.client.cluster, kept)
        except Exception as error:  # noqa: BLE001  whatever a cluster raises: the job goes on
            logger.warning("workers without work could not be given back: %s", error)

    def dismiss(self, address: str, problem: str) -> None:
        """Goes on without an instance, and never takes it again as long as it is there."""
        self.lose(address)
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
                self.lose(address)
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
