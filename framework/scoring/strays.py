"""Finding what a scorer process has started, where its supervisor was killed and can't."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

FAMILY = "DASK_BATCH_ENDPOINTS_FAMILY"
"""The variable by which all descendants of a scorer process are known, where they keep it."""
_PROCESSES = Path("/proc")


def end_family(name: str) -> None:
    """Kills all processes of a family, those in a session of their own too (Linux: proc(5)).

    One that has forked while they were looked for is found the next time round.
    """
    while found := list(_members(name)):
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _members(name: str) -> Iterator[int]:
    """Those that live; the dead have no environment."""
    variable = f"{FAMILY}={name}".encode()
    for folder in _PROCESSES.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if variable in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)
