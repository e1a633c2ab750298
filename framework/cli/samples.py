"""A result as it could be, to find what is wrong with a query before there is one."""

from __future__ import annotations

from typing import Any

JOB: dict[str, Any] = {
    "name": "a-job",
    "status": "Completed",
    "endpoint": "",
    "deployment": "",
    "model": "",
    "input": [""],
    "output": "",
    "counts": {"files": 1, "succeeded": 1, "failed": 0, "rows": 1, "tries": 1},
    "created_at": "",
    "started_at": "",
    "ended_at": "",
    "dashboard_url": "",
    "report": "",
    "error": "",
}
