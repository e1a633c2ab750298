"""What never changes about a job: written down once, when it is created."""

from __future__ import annotations

import platform
import secrets
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from framework.domain.outcomes import Counts
from framework.domain.states import JobStatus
from framework.jobs.chosen_model import ChosenModel
from framework.jobs.clock import now
from framework.jobs.journal import this_process
from framework.jobs.observing import shown_counts
from framework.jobs.plan import JobPlan
from framework.settings import Settings

_LIBRARIES = ("dask-batch-endpoints", "dask", "distributed", "pandas", "pyarrow", "numpy")


def fresh_name(settings: Settings) -> str:
    """A name that no other job has: its endpoint, the moment in UTC, and some chance."""
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return f"{settings.endpoint or 'job'}-{moment}-{secrets.token_hex(2)}"


def identity_of(plan: JobPlan, code: str, model: ChosenModel | None) -> dict[str, Any]:
    """The job's identity.

    Args:
        plan: What its first driver works with.
        code: The archive with the code's snapshot, in the workspace; empty for none.
        model: The model that is scored with.
    """
    created_at = now()
    settings = plan.settings
    return {
        "name": plan.record.name,
        "created_at": created_at,
        "creator": {**this_process(), "started_at": created_at},
        "document": plan.document,
        "input_root": plan.listing.root,
        "encoding": plan.output_format.child_encoding,
        "code": code,
        "model": dict(model.identity) if model else None,
        "environment": plan.environment.spec.to_document() if plan.environment else None,
        "versions": _versions(),
        "summary": {
            "name": plan.record.name,
            "status": JobStatus.NOT_STARTED,
            "endpoint": settings.endpoint,
            "deployment": settings.deployment,
            "model": model.title if model else None,
            "input": _single(plan.document["input"]),
            "output": plan.output,
            "counts": shown_counts(Counts()),
            "created_at": created_at,
        },
    }


def _single(items: list[str]) -> str | list[str]:
    return items[0] if len(items) == 1 else items


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return versions
