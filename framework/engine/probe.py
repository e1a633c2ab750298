"""What a worker is like. This file's text is run there, where nothing of ours may be installed.

Standard library only, and any Python that Dask may run on.
"""

import os
import socket
import sys
import typing

NAME = "dask-batch-endpoints"


def probe() -> "dict[str, typing.Any]":
    """What this process has of ours, as plain values."""
    answer = {
        "python": "{}.{}".format(*sys.version_info),
        "process": f"{socket.gethostname()}:{os.getpid()}",
        "host": socket.gethostname(),
        "version": None,
        "pools": 0,
        "problem": "",
    }
    try:
        import framework

        answer["problem"] = "" if hasattr(framework, "Scorer") else "another package, framework"
        answer["version"] = _version()
        lease = sys.modules.get("framework.engine.lease")
        answer["pools"] = len(lease.leases()) if lease else 0
    except ImportError:
        pass
    except Exception as error:  # noqa: BLE001  an installation may be broken in any way
        answer["problem"] = f"a broken one ({type(error).__name__}: {error})"
    return answer


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(NAME)
    except PackageNotFoundError:
        return "a checkout"
