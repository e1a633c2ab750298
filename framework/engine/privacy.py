"""Who can read what is sent to instances, and what they know without being sent it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from ipaddress import ip_address

from framework.engine import calls
from framework.engine.session import Session

_ANSWER_S = 10.0
_PLAIN = "tcp"


def address_of(session: Session) -> str:
    """The scheduler's address."""
    return str(session.client.scheduler.address)


def is_private(session: Session) -> bool:
    """Whether nobody else can read what is sent to the instances."""
    kind, _, place = address_of(session).partition("://")
    return session.is_in_process or kind != _PLAIN or _is_loopback(place)


def unset_on(session: Session, names: Sequence[str]) -> set[str]:
    """Which of these environment variables are not set on every instance."""
    return calls.start(session.client, _unset_on(session, list(names))).result()


async def _unset_on(session: Session, names: list[str]) -> set[str]:
    async def ask(address: str) -> list[str]:
        try:
            lacking: list[str] = await calls.call(
                session.client, address, unset, names, timeout_s=_ANSWER_S
            )
        except calls.UnheardError:
            return []  # it will not serve
        return lacking

    answers = await asyncio.gather(*map(ask, session.instances))
    return {name for each in answers for name in each}


def unset(names: list[str]) -> list[str]:
    """Which of these environment variables are not set; run on an instance."""
    return [name for name in names if name not in os.environ]


def _is_loopback(place: str) -> bool:
    host = place.rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
