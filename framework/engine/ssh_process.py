"""A Dask server on a machine that is reached over SSH."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncssh
from distributed.deploy.spec import ProcessInterface

logger = logging.getLogger(__name__)

_LINES_KEPT = 20
_START_S = 120.0
_CLOSE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A machine, and the way in.

    Attributes:
        name: Its name or address.
        connect_options: For `asyncssh.connect`.
        python: What runs Python there, quoted for a shell.
    """

    name: str
    connect_options: Mapping[str, Any]
    python: str


class SshProcess(ProcessInterface):
    """Started over a connection of its own, and gone with it.

    What it runs is `framework.engine.tethered`. A host that can't be used is no error here: its
    `error` says why, and the cluster goes on without it.

    Args:
        scheduler: The scheduler's address; none for a scheduler itself.
        host: Where it runs.
        config: Dask's settings there.
        cls: The class of the server.
        opts: What the server is made with.
        name: The worker's name.
    """

    def __init__(
        self,
        scheduler: str | None = None,
        *,
        host: Host,
        config: Mapping[str, Any],
        cls: str,
        opts: Mapping[str, Any],
        name: object = None,
    ) -> None:
        super().__init__()
        self.error: str | None = None
        self._host = host
        self._order = {
            "config": dict(config),
            "spec": {"cls": cls, "opts": {**opts, "name": name} if scheduler else dict(opts)},
            "arguments": [scheduler] if scheduler else [],
        }
        self._said: deque[str] = deque(maxlen=_LINES_KEPT)
        self._connection: Any = None
        self._process: Any = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connects, starts the server and waits until it listens."""
        try:
            host = self._host
            self._connection = await asyncssh.connect(host.name, **host.connect_options)
            command = f"{host.python} -m {__package__}.tethered"
            self._process = await self._connection.create_process(command)
            self._reading = asyncio.create_task(self._read_errors())
            self._process.stdin.write(json.dumps(self._order) + "\n")
            self.address = await asyncio.wait_for(self._address(), _START_S)
        except (asyncssh.Error, OSError, TimeoutError, ValueError) as error:
            self.error = f"{self._host.name}: {self._why(error)}"
            logger.warning("%s", self.error)
            await self._hang_up()
        await super().start()

    async def close(self) -> None:
        """Ends what runs there: its input ends with the connection."""
        await self._hang_up()
        await super().close()

    async def _address(self) -> str:
        async for line in self._process.stdout:
            with contextlib.suppress(json.JSONDecodeError):  # somebody's greeting
                answer = json.loads(line)
                if isinstance(answer, dict) and "address" in answer:
                    return str(answer["address"])
        await self._process.wait_closed()
        if self._reading is not None:
            await self._reading
        raise ValueError(f"exit code {self._process.exit_status}: {self._last_words()}")

    async def _read_errors(self) -> None:
        """Keeps the last lines; a pipe that nobody reads would stop who writes there."""
        async for line in self._process.stderr:
            self._said.append(line.rstrip())
            logger.debug("%s: %s", self._host.name, line.rstrip())

    def _last_words(self) -> str:
        said = [line for line in self._said if line.strip()]
        return said[-1] if said else "it said nothing"

    def _why(self, error: Exception) -> str:
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            return f"its host key is not known ({error.reason}): see compute.known_hosts"
        if isinstance(error, asyncssh.PermissionDenied):
            return (
                f"permission denied ({error.reason}): see compute.username, compute.identity_files"
            )
        if isinstance(error, TimeoutError):
            return f"no answer in time; {self._last_words()}"
        if isinstance(error, asyncssh.Error):
            return str(error.reason)
        if isinstance(error, OSError) and error.errno:
            return os.strerror(error.errno)
        return str(error)

    async def _hang_up(self) -> None:
        if self._connection is None:
            return
        if self._process is not None:
            self._process.stdin.write_eof()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait_closed(), _CLOSE_S)
        self._connection.close()
        with contextlib.suppress(TimeoutError, asyncssh.Error, OSError):
            await asyncio.wait_for(self._connection.wait_closed(), _CLOSE_S)
        self._connection = self._process = None
        if self._reading is not None:
            self._reading.cancel()
