"""What an instance sees of the places that a job needs: tried out, not guessed."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from distributed import Client

from framework.engine.calls import call_while_heard
from framework.errors import FrameworkError
from framework.storage import Options, Store, open_store

_LOOK_S = 60.0

Reached = Mapping[str, str]
"""By a look's name, why an instance does not see it; empty where it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A file that an instance shall see as the driver does.

    Attributes:
        name: What it is looked for, in a word.
        url: The store that it is in.
        path: Where it is there.
        size: Its size in bytes; `None` where any will do.
        content: What has to be in it; `None` where anything may.
        is_written: Whether an instance has to be able to write beside it, too.
    """

    name: str
    url: str
    path: str
    size: int | None = None
    content: bytes | None = None
    is_written: bool = False


async def look_from(
    client: Client, address: str, looks: Sequence[Look], options: Options
) -> Reached:
    """What is wrong with each of them, on a worker.

    Raises:
        UnheardError: It has not answered.
    """
    reached: Reached = await call_while_heard(
        client, address, look, looks, options, timeout_s=_LOOK_S
    )
    return reached


async def look(looks: Sequence[Look], options: Options) -> Reached:
    """What is wrong with each of them, on the worker that this runs on.

    Args:
        looks: What to look at.
        options: What opens the stores.
    """
    thread = ThreadPoolExecutor(1, thread_name_prefix="look")
    try:
        run = asyncio.get_running_loop().run_in_executor
        return {each.name: await run(thread, partial(_look, each, options)) for each in looks}
    finally:
        thread.shutdown(wait=False)


def _look(wanted: Look, options: Options) -> str:
    shown = f"{wanted.url.rstrip('/')}/{wanted.path}"
    try:
        return _differing(wanted, open_store(wanted.url, options), shown)
    except FileNotFoundError:
        return f"{shown} is not there"
    except (FrameworkError, OSError) as error:
        return f"{shown}: {error}"
    except Exception as error:  # noqa: BLE001  raised, Dask would log it with the options' secrets
        return f"{shown}: {type(error).__name__}"


def _differing(wanted: Look, store: Store, shown: str) -> str:
    if wanted.content is None and wanted.size is None:
        return "" if store.exists(wanted.path) else f"{shown} is not there"
    if wanted.content is not None and store.read(wanted.path) != wanted.content:
        return f"{shown} is another file there"
    if wanted.size is not None and (size := store.stat(wanted.path).size) != wanted.size:
        return f"{shown} has {size} bytes there, and {wanted.size} for the driver"
    if wanted.is_written:
        beside = f"{wanted.path}.{secrets.token_hex(4)}"
        store.create(beside, b"")
        store.delete(beside)
    return ""
