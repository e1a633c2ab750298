"""Dask's dashboard, loaded when somebody first looks at it.

Its plots need bokeh, whose import costs a third of what else a short job's start costs.
"""

from __future__ import annotations

from typing import Any

from distributed import Scheduler
from tornado.httputil import HTTPServerRequest
from tornado.web import Application


class DashboardOnDemand(Application):
    """Stands in a scheduler's HTTP server until the first request that nothing else serves.

    Args:
        scheduler: One in this process, started without its dashboard.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self._scheduler = scheduler
        self._is_connected = False

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """Finds nothing itself; the real dashboard is asked next, for this request already."""
        if not self._is_connected:
            self._is_connected = True
            from distributed.dashboard.scheduler import connect

            connect(self._scheduler.http_application, self._scheduler.http_server, self._scheduler)
        return super().find_handler(request, **kwargs)
