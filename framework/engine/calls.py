"""Calls to one worker, by way of the scheduler: nothing is registered anywhere.

What is called by name is a function of ours, so that its worker must have our package. A text needs
nothing there, and neither does the scheduler, which reads the tasks that pass through it: a task is
a call that is put together where it runs.
"""

from __future__ import annotations

import asyncio
import pickle
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future as Started
from typing import Any, TypeVar

from distributed import Client, Future
from distributed.scheduler import KilledWorker

T = TypeVar("T")

_PING_S = 1.5
_MOST_MISSES = 4
_RUN_TEXT = "(exec(source, space), space[name]())[1]"


class UnheardError(Exception):
    """A worker has not answered, or could not be asked."""


class LostTaskError(Exception):
    """A task's worker is gone, or its result is."""


async def call(
    client: Client, address: str, function: Callable[..., Any], *arguments: Any, timeout_s: float
) -> Any:
    """Calls a function on one worker, outside of its tasks; from the client's event loop.

    Raises:
        UnheardError: No answer came in time, or none that is one.
    """
    try:
        call = client.run(function, *arguments, workers=[address])
        answers = await asyncio.wait_for(call, timeout_s)
        return answers[address]
    except TimeoutError:
        raise UnheardError(f"no answer within {timeout_s:g} s") from None
    except Exception as error:  # whatever happens there comes here
        raise UnheardError(f"{type(error).__name__}: {error}") from error


async def call_while_heard(
    client: Client, address: str, function: Callable[..., Any], *arguments: Any, timeout_s: float
) -> Any:
    """Calls what may take its time, and gives up sooner where the worker answers nothing else.

    Raises:
        UnheardError: No answer came in time, or none that is one.
    """
    answer = asyncio.ensure_future(call(client, address, function, *arguments, timeout_s=timeout_s))
    misses = 0
    try:
        while misses < _MOST_MISSES:
            done, _ = await asyncio.wait([answer], timeout=_PING_S)
            if done:
                return await answer
            try:
                await call(client, address, time.monotonic, timeout_s=_PING_S)
                misses = 0
            except UnheardError:
                misses += 1
        raise UnheardError(f"no answer to {misses} calls")
    finally:
        answer.cancel()


async def call_text(
    client: Client, address: str, source: str, name: str, *, timeout_s: float
) -> Any:
    """Calls a function that a text defines: nothing of ours need be installed there.

    Raises:
        UnheardError: No answer came in time, or none that is one.
    """
    space = {"source": source, "space": {"__name__": "<sent>"}, "name": name}
    return await call(client, address, eval, _RUN_TEXT, space, timeout_s=timeout_s)


class _Call:
    """Unpickled, it is what the function returns."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._call = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self._call


def submit(
    client: Client, address: str, key: str, function: Callable[..., Any], *arguments: Any
) -> Future:
    """Sends a task to one worker, under a key of its own."""
    packed = pickle.dumps(_Call(function, arguments), pickle.HIGHEST_PROTOCOL)
    return client.submit(pickle.loads, packed, key=key, workers=[address], pure=False)


async def result_of(client: Client, future: Future) -> Any:
    """A task's result; from the client's event loop.

    It is fetched by itself: `Client.gather` fetches what several workers have at once, so that one
    that hangs would hold up what the others have done.

    Raises:
        LostTaskError: The worker is gone, or its result is.
        Exception: What the task has raised.
    """
    error = await future.exception()
    if isinstance(error, KilledWorker) or future.status not in {"finished", "error"}:
        raise LostTaskError(f"it was {future.status}")
    if error is not None:
        raise error
    try:
        answer = await client.scheduler.gather(keys=[future.key])
    except OSError as error:
        raise LostTaskError(f"{type(error).__name__}: {error}") from error
    if answer["status"] != "OK":
        raise LostTaskError("its result is gone")
    return answer["data"][future.key]


def start(client: Client, coroutine: Coroutine[Any, Any, T]) -> Started[T]:
    """Starts a coroutine on the client's event loop, from another thread."""
    return asyncio.run_coroutine_threadsafe(coroutine, client.loop.asyncio_loop)


def cancel(client: Client, task: asyncio.Task[Any]) -> None:
    """Cancels what runs on the client's event loop, from whatever thread."""
    client.loop.asyncio_loop.call_soon_threadsafe(task.cancel)
