"""A Dask server on another machine, for as long as somebody holds its standard input.

    python -m framework.engine.tethered

reads one line of JSON: what to start, with which settings. They come that way because a command
line is for everyone to see, and they may hold a key. When the input ends, as it does when the
connection breaks or its owner is killed, this process and all that it has started are killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from typing import Any


def main() -> None:
    """Starts a server, says where it listens, and stays until it is closed or the input ends."""
    with open(os.dup(sys.stdin.fileno()), "rb", buffering=0) as owner:  # noqa: PTH123  a descriptor
        line = owner.readline()
        if not line:
            return
        if os.getpgrp() != os.getpid():
            os.setpgid(0, 0)
        threading.Thread(target=_outlive_nobody, args=(owner.fileno(),), daemon=True).start()
        asyncio.run(_serve(**json.loads(line)))


def _outlive_nobody(descriptor: int) -> None:
    while os.read(descriptor, 1024):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


async def _serve(config: dict[str, Any], spec: dict[str, Any], arguments: list[str]) -> None:
    import dask
    from distributed.deploy.spec import init_spec

    # As `DASK_INTERNAL_INHERIT_CONFIG` would do, which the scorers' environment would have, too.
    dask.config.set(config)
    servers = init_spec({spec["opts"].get("name", 0): spec}, *arguments)
    for server in servers.values():
        await server
        sys.stdout.write(json.dumps({"address": server.address}) + "\n")
        sys.stdout.flush()
        await server.finished()


if __name__ == "__main__":
    main()
