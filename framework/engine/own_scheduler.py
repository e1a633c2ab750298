"""The scheduler of a cluster that is started for one job, in the driver's own process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from distributed import Scheduler, Security

from framework.engine.dashboard import DashboardOnDemand

LOOPBACK = "127.0.0.1:0"
OWN_CONFIG: Mapping[str, Any] = {
    "distributed.dashboard.link": "http://127.0.0.1:{port}/status",
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.terminate": False,
}
"""How Dask behaves on a cluster that is ours alone: see docs/how-it-works.md."""

NO_DASHBOARD: Mapping[str, Any] = {"distributed.dashboard.link": ""}


def scheduler_options(here: Mapping[str, Any], security: Security | None) -> dict[str, Any]:
    """What `distributed.Scheduler` is made with.

    Args:
        here: How instances reach this machine: `host`, a name or an address of it, or `interface`,
            such as `ib0`; and `port`. It listens on all addresses, and a free port, without.
        security: Its certificates; `None` for a network where everyone is trusted.
    """
    said = {key: value for key, value in here.items() if value is not None}
    protocol = {} if security is None else {"protocol": "tls://", "security": security}
    # None would not mean no server for the dashboard, but one for all the world.
    return {"port": 0, **said, **protocol, "dashboard": False, "dashboard_address": LOOPBACK}


def serve_dashboard(scheduler: Scheduler) -> None:
    """Serves Dask's dashboard on the loopback interface."""
    scheduler.http_application.add_application(DashboardOnDemand(scheduler))
