"""Which workers can serve a job: those with our package in our version, on our Python."""

from __future__ import annotations

import asyncio
import inspect
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from distributed import Client

from framework.engine import probe
from framework.engine.calls import UnheardError, call_text

_ANSWER_S = 10.0
_ROUND_S = 1.0
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """What a worker has said of itself.

    Attributes:
        address: Where it is.
        process: Its machine and process: another one may come to have its address.
        host: Its machine.
        pools: Pools of scorer processes that it has, of whatever jobs.
        unfit: Why it can't serve; empty where it can.
    """

    address: str
    process: str
    host: str
    pools: int
    unfit: str


class Survey:
    """Asks workers what they are like; one that does not answer holds up nobody.

    Args:
        client: Connected to the cluster.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asked: dict[str, asyncio.Task[Surveyed | None]] = {}

    async def ask(self, addresses: Collection[str]) -> list[Surveyed]:
        """What those are like who have answered by now; from the client's event loop."""
        for address in addresses:
            if address not in self._asked:
                self._asked[address] = asyncio.ensure_future(_ask(self._client, address))
        asked = [self._asked[address] for address in addresses]
        done, _ = await asyncio.wait(asked, timeout=_ROUND_S)
        self._asked = {each: task for each, task in self._asked.items() if not task.done()}
        return [answer for task in done if (answer := task.result()) is not None]

    def close(self) -> None:
        """Waits for no answers any more."""
        for task in self._asked.values():
            task.cancel()


async def _ask(client: Client, address: str) -> Surveyed | None:
    source = inspect.getsource(probe)
    try:
        told = await call_text(client, address, source, "probe", timeout_s=_ANSWER_S)
    except UnheardError:
        return None
    return Surveyed(
        address=address,
        process=told["process"],
        host=told["host"],
        pools=told["pools"],
        unfit=_unfit(told, _ours()),
    )


@cache
def _ours() -> Mapping[str, Any]:
    return probe.probe()


def _unfit(told: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    install = f"pip install '{probe.NAME}=={ours['version']}'"
    if told["python"] != ours["python"]:
        return f"Python {told['python']}, and this is {ours['python']}"
    if told["problem"]:
        return f"{told['problem']}, in place of {probe.NAME}: {install}"
    if told["version"] is None:
        return f"no {probe.NAME}: {install}"
    if told["version"] != ours["version"]:
        return f"{probe.NAME} {told['version']}, and this is {ours['version']}: {install}"
    return ""


def best_first(surveyed: Iterable[Surveyed]) -> list[Surveyed]:
    """Those that can serve: first those with fewest pools, taking turns between machines."""
    seen: dict[str, int] = defaultdict(int)
    ranked = []
    for each in sorted(surveyed, key=lambda each: (each.pools, each.address)):
        if not each.unfit:
            ranked.append((each.pools, seen[each.host], each.address, each))
            seen[each.host] += 1
    return [each for *_, each in sorted(ranked, key=lambda rank: rank[:3])]


def refusals(surveyed: Iterable[Surveyed]) -> list[str]:
    """Why some can't serve, one text for each reason."""
    addresses: dict[str, list[str]] = defaultdict(list)
    for each in surveyed:
        if each.unfit:
            addresses[each.unfit].append(each.address)
    return [f"{_named(found)}: {reason}" for reason, found in addresses.items()]


def _named(addresses: list[str]) -> str:
    if len(addresses) <= _MOST_NAMED:
        return ", ".join(sorted(addresses))
    return f"{len(addresses)} workers, such as {min(addresses)}"
