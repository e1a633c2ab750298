"""A job's record: the folder `jobs/<name>/` in the workspace, and what lies where in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from framework.domain.job_names import is_job_name, why_no_job_name
from framework.errors import NotFoundError, UsageError
from framework.storage import Store, open_store

JOBS = "jobs"
REPORT = "report.html"
_IDENTITY = "job.json"


@dataclass(frozen=True, slots=True)
class JobRecord:
    """Where a job's files are.

    Attributes:
        workspace: The store that all paths are in.
        name: The job's name.
    """

    workspace: Store
    name: str

    def path(self, *names: str) -> str:
        """A path below the job's folder, in the workspace's store."""
        return "/".join((JOBS, self.name, *names))

    @property
    def folder(self) -> Path:
        """The record's folder on this machine."""
        return self.local()

    def local(self, *names: str) -> Path:
        """A path below the job's folder, on this machine.

        Raises:
            UsageError: The workspace is not on this machine.
        """
        local = self.workspace.local_path(self.path(*names))
        if local is None:
            raise UsageError(f"workspace {self.workspace.url}: has to be a local folder")
        return local

    @property
    def staging(self) -> str:
        """The URL that parts and extra files are staged below."""
        return str(self.local("staging"))

    def create(self, identity: Mapping[str, Any]) -> None:
        """Writes what never changes about the job.

        Raises:
            FileExistsError: There is a job with this name.
        """
        self.local("logs").mkdir(parents=True, exist_ok=True)
        self.workspace.create(self.path(_IDENTITY), _to_json(identity))

    def exists(self) -> bool:
        """Whether there is such a job."""
        return self.workspace.exists(self.path(_IDENTITY))

    def identity(self) -> dict[str, Any]:
        """What never changes about the job.

        Raises:
            NotFoundError: There is no such job.
        """
        try:
            found: dict[str, Any] = json.loads(self.workspace.read(self.path(_IDENTITY)))
        except FileNotFoundError:
            raise NotFoundError(self._not_found()) from None
        return found

    def _not_found(self) -> str:
        there = job_names(self.workspace)
        close = get_close_matches(self.name, there, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return f"job {self.name}: not in the workspace {self.workspace.url}{hint}"

    @property
    def epoch(self) -> int:
        """The newest driver's number; 0 before the first one."""
        return max((int(name.split(".")[0]) for name in self.epochs()), default=0)

    def epochs(self) -> list[str]:
        """The files by which drivers have claimed the job, oldest first."""
        return self.workspace.names(self.path("epochs"))

    def claim(self, epoch: int) -> dict[str, Any]:
        """What the driver of an epoch said of itself: its host and process."""
        path = self.path("epochs", f"{epoch:06d}.json")
        claim: dict[str, Any] = json.loads(self.workspace.read(path))
        return claim

    def write_summary(self, epoch: int, summary: Mapping[str, Any]) -> None:
        """Replaces what a driver last said of the job; each driver has a file of its own."""
        self.workspace.write(self.path("summaries", f"{epoch:06d}.json"), _to_json(summary))

    def read_summary(self, epoch: int) -> dict[str, Any]:
        """What a driver last said of the job; empty if it has not spoken yet."""
        try:
            path = self.path("summaries", f"{epoch:06d}.json")
            summary: dict[str, Any] = json.loads(self.workspace.read(path))
        except FileNotFoundError:
            return {}
        return summary


def open_record(workspace: str, name: str) -> JobRecord:
    """The record of a job, whether it is there or not.

    Raises:
        UsageError: No job can have that name, so that it could lead out of the workspace.
    """
    if not is_job_name(name):
        raise UsageError(why_no_job_name(name))
    return JobRecord(open_store(workspace), name)


def report_url(record: JobRecord) -> str:
    """Where a job's report lies, or would."""
    path = record.path(REPORT)
    local = record.workspace.local_path(path)
    return str(local) if local is not None else f"{record.workspace.url.rstrip('/')}/{path}"


def find_report(record: JobRecord) -> str | None:
    """Where a job's report lies; `None` if there is none."""
    return report_url(record) if record.workspace.exists(record.path(REPORT)) else None


def job_names(workspace: Store) -> list[str]:
    """Names of all jobs in a workspace."""
    return [
        name for name in workspace.names(JOBS) if workspace.exists(f"{JOBS}/{name}/{_IDENTITY}")
    ]


def _to_json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=2, default=str).encode() + b"\n"
