"""Recruiting: workers that can serve become instances, as long as there are vacancies."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from distributed import Client

from framework.engine import calls
from framework.engine.contract import Compute
from framework.engine.reach import Look, look_from
from framework.engine.roster import Roster
from framework.engine.survey import Survey, Surveyed, best_first, refusals
from framework.storage import Options


class Recruiter:
    """Fills a roster, from the client's event loop.

    Args:
        client: Connected to the cluster.
        compute: What the cluster came from.
        roster: The instances.
        notice: Told what people should know.

    Attributes:
        unfit: Workers that are there and can't serve.
        looks: What an instance has to see.
        options: What opens the stores of that.
        is_late: Whether the job has begun with others.
    """

    def __init__(
        self, client: Client, compute: Compute, roster: Roster, notice: Callable[[str], None]
    ) -> None:
        self.unfit: set[str] = set()
        self.looks: Sequence[Look] = ()
        self.options: Options = {}
        self.is_late = False
        self._client = client
        self._compute = compute
        self._roster = roster
        self._notice = notice
        self._asking = Survey(client)

    def close(self) -> None:
        """Waits for no answers any more."""
        self._asking.close()

    async def recruit(self, there: set[str]) -> list[Surveyed]:
        """Fills vacancies with those who can serve, best first; returns who can't."""
        self.unfit &= there
        strangers = [each for each in there - self.unfit if not self._roster.has(each)]
        if not strangers or self._roster.vacancies <= 0:
            return []
        surveyed = await self._survey(strangers)
        unfit = [each for each in surveyed if each.unfit]
        for text in refusals(unfit):
            self._notice(f"not used: {text}")
        self.unfit |= {each.address for each in unfit}
        for each in best_first(surveyed):
            if self._roster.vacancies <= 0:
                break
            # Looking takes time, in which vacancies may be closed.
            if await self._is_able(each.address) and self._roster.vacancies > 0:
                member = self._roster.admit(each)
                if self.is_late:
                    self._notice(f"{member.label} ({member.address}) joins the job")
        return unfit

    async def _survey(self, addresses: Sequence[str]) -> list[Surveyed]:
        if self._compute.is_in_process:
            return [
                Surveyed(address=each, process="", host="", pools=0, unfit="")
                for each in sorted(addresses)
            ]
        return await self._asking.ask(addresses)

    async def _is_able(self, address: str) -> bool:
        """Whether a late worker sees what those who were there from the start see."""
        if not self.looks:
            return True
        try:
            reached = await look_from(self._client, address, self.looks, self.options)
        except calls.UnheardError:
            return False
        problems = [problem for problem in reached.values() if problem]
        if problems:
            self.leave_out(address, problems[0])
        return not problems

    def leave_out(self, address: str, problem: str) -> None:
        """Takes a worker for unfit, as long as it is there."""
        self.unfit.add(address)
        self._notice(f"not used: {address}: {problem}")
