"""Errands: tasks that one of the instances runs, whichever, such as the reduction."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from framework.engine import calls, vault
from framework.engine.roster import SILENT_S
from framework.engine.session import Session
from framework.errors import FrameworkError, NoInstancesError
from framework.storage import Options

logger = logging.getLogger(__name__)
A = TypeVar("A")
T = TypeVar("T")

_ANSWER_S = 10.0


def run_on_one(
    session: Session,
    name: str,
    function: Callable[[A, Options], T],
    arguments: Sequence[A],
    options: Options,
) -> T:
    """Runs a function as a task on one of the instances, on another where that one is lost.

    Args:
        session: The instances.
        name: The task's, with the number of the attempt behind it.
        function: What to run.
        arguments: Its argument for each attempt: one that is lost may still go on somewhere.
        options: What opens its stores, its second argument: it travels beside the task.

    Raises:
        FrameworkError: As the function does.
        NoInstancesError: All those are lost that it was run on.
    """
    for attempt, argument in enumerate(arguments):
        run = _run(session, f"{name}-{attempt}", function, argument, options)
        try:
            result: T | FrameworkError = calls.start(session.client, run).result()
        except calls.LostTaskError as error:
            session.notice(f"{name} was lost and is run again: {error}")
            session.tell()
            continue
        if isinstance(result, FrameworkError):
            raise result
        return result
    raise NoInstancesError(f"{name}: {len(arguments)} instances were lost one after the other")


async def _run(
    session: Session,
    key: str,
    function: Callable[[A, Options], T],
    argument: A,
    options: Options,
) -> T | FrameworkError:
    client, address = session.client, await _chosen(session, key)
    try:
        await calls.call(client, address, vault.put, key, options, timeout_s=_ANSWER_S)
    except calls.UnheardError as error:
        raise _lost(session, address) from error
    future = calls.submit(client, address, key, _answer, function, argument, key)
    result = asyncio.ensure_future(calls.result_of(client, future))
    try:
        await _watch(session, address, key, result)
        return await result
    finally:
        result.cancel()
        future.release()


async def _chosen(session: Session, key: str) -> str:
    """The instance that it runs on."""
    try:
        there = await session.present()
    except calls.UnheardError as error:
        raise calls.LostTaskError(str(error)) from error
    await session.recruit(there)
    address = next((each for each in session.instances if each in there), None)
    if address is None:
        raise NoInstancesError(f"{key}: no instance is left")
    return address


async def _watch(session: Session, address: str, key: str, result: asyncio.Future[Any]) -> None:
    """Waits for a task, as long as the worker that it runs on is heard of."""
    silent_s = 0.0
    while not result.done() and silent_s < SILENT_S:
        await asyncio.wait([result], timeout=1.0)
        if result.done():
            return
        try:
            silent_s += 1.0
            if address not in await session.present():
                break
            await calls.call(session.client, address, vault.keep, key, timeout_s=2.0)
            silent_s = 0.0
        except calls.UnheardError as error:
            logger.info("%s: %s", address, error)
    if not result.done():  # it may have come while the worker was asked
        raise _lost(session, address)


def _lost(session: Session, address: str) -> calls.LostTaskError:
    session.lose(address)
    return calls.LostTaskError(f"{address} is not heard of")


def _answer(function: Callable[[A, Options], T], argument: A, key: str) -> T | FrameworkError:
    """Returns an expected error: Dask would log one that is raised as if it were a defect."""
    try:
        return function(argument, vault.take(key))
    except FrameworkError as error:
        return error
    finally:
        vault.drop(key)
