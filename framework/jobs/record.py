"""A job's record: the folder `jobs/<name>/` in the workspace, and what lies where in it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from framework.domain.job_names import is_job_name, why_no_job_name
from framework.domain.redaction import MASK
from framework.domain.references import UnsetError, expanded
from framework.errors import NotFoundError, UsageError
from framework.storage import NO_OPTIONS, Options, Store, open_store
from framework.storage.paths import path_below

JOBS = "jobs"
SUMMARIES = "summaries"
OUTPUTS = "outputs"
ERRORS = "errors.jsonl"
REPORT = "report.html"
_IDENTITY = "job.json"
_STAGED_AT = "staging.json"
_CHANGES = "changes"
_DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class JobRecord:
    """Where a job's files are.

    Attributes:
        workspace: The store that all paths are in.
        name: The job's name.
        options: How to open what lies outside of the workspace, beyond what the record says.
    """

    workspace: Store
    name: str
    options: Options = field(default_factory=dict, repr=False, compare=False)

    def path(self, *names: str) -> str:
        """A path below the job's folder, in the workspace's store."""
        return "/".join((JOBS, self.name, *names))

    def url(self, *names: str) -> str:
        """The same path, as people write it."""
        return self.workspace.at(self.path(*names)).url

    @property
    def staging(self) -> Store:
        """Where parts and extra files are staged: in the record, or where instances see it."""
        try:
            moved: str = json.loads(self.workspace.read(self.path(_STAGED_AT)))["url"]
        except FileNotFoundError:
            return self.workspace.at(self.path("staging"))
        return self.open(moved)

    def stage_at(self, url: str) -> None:
        """Stages at a URL outside of the record from now on."""
        self.workspace.write(self.path(_STAGED_AT), _to_json({"url": url}))

    def open(self, url: str) -> Store:
        """The store at a URL that the record names: below the workspace, or anywhere else.

        Raises:
            UsageError: What it takes to open it can't be had here.
        """
        below = path_below(self.workspace.url, url)
        if below is not None:
            return self.workspace.at(below) if below else self.workspace
        return open_store(url, {**self._stored_options(), **self.options})

    def _stored_options(self) -> Options:
        """What the job's settings have, as far as this process has the variables they refer to."""
        stored = self.identity()["document"].get("storage_options") or {}
        return {url: options for url, each in stored.items() if (options := _settled(each))}

    def unstage(self) -> None:
        """Removes what is staged."""
        folder, _, name = self.staging.url.rpartition("/")
        self.open(folder or "/").delete(name)

    def create(self, identity: Mapping[str, Any]) -> None:
        """Writes what never changes about the job.

        Raises:
            FileExistsError: There is a job with this name.
        """
        logs = self.workspace.local_path(self.path("logs"))
        if logs is not None:  # an instance that doesn't see it must not make one of its own
            logs.mkdir(parents=True, exist_ok=True)
        self.workspace.create(self.path(_IDENTITY), _to_json(identity))

    def exists(self) -> bool:
        """Whether there is such a job, or what is left of one whose deletion was cut short."""
        return self.workspace.exists(self.path(_IDENTITY))

    def mark_deleted(self) -> None:
        """From now on there is no such job, though its name is taken until all of it is gone."""
        self.workspace.write(self.path(_IDENTITY), _to_json({_DELETED: True}))

    def is_deleted(self) -> bool:
        """Whether its deletion has begun."""
        try:
            found = json.loads(self.workspace.read(self.path(_IDENTITY)))
        except (FileNotFoundError, ValueError):
            return False
        return isinstance(found, dict) and _DELETED in found

    def clear(self) -> None:
        """Removes everything but the job's identity."""
        for name in self.workspace.names(self.path()):
            if name != _IDENTITY:
                self.workspace.delete(self.path(name))

    def identity(self) -> dict[str, Any]:
        """What never changes about the job.

        Raises:
            NotFoundError: There is no such job.
        """
        try:
            found: dict[str, Any] = json.loads(self.workspace.read(self.path(_IDENTITY)))
        except FileNotFoundError:
            raise NotFoundError(self._not_found()) from None
        if _DELETED in found:
            raise NotFoundError(f"job {self.name}: its deletion was cut short; delete it again")
        return found

    def present(self) -> dict[str, Any]:
        """The identity, with the changes that were accepted when the job was resumed.

        Raises:
            NotFoundError: There is no such job.
        """
        found = self.identity()
        for name in self.workspace.names(self.path(_CHANGES)):
            found |= json.loads(self.workspace.read(self.path(_CHANGES, name)))
        return found

    def accept(self, epoch: int, changes: Mapping[str, Any]) -> None:
        """Writes down what is different from this driver on; each has a file of its own.

        Args:
            epoch: The driver's number.
            changes: Keys of the identity, with their new values.
        """
        self.workspace.create(self.path(_CHANGES, f"{epoch:06d}.json"), _to_json(changes))

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
        self.workspace.write(self.path(SUMMARIES, f"{epoch:06d}.json"), _to_json(summary))

    def read_summary(self, epoch: int) -> dict[str, Any]:
        """What a driver last said of the job; empty if it has not spoken yet."""
        try:
            path = self.path(SUMMARIES, f"{epoch:06d}.json")
            summary: dict[str, Any] = json.loads(self.workspace.read(path))
        except FileNotFoundError:
            return {}
        return summary


def open_record(workspace: Store, name: str, options: Options = NO_OPTIONS) -> JobRecord:
    """The record of a job, whether it is there or not.

    Args:
        workspace: Where the jobs are.
        name: The job's.
        options: How to open what lies outside of the workspace, beyond what the record says.

    Raises:
        UsageError: No job can have that name, so that it could lead out of the workspace.
    """
    if not is_job_name(name):
        raise UsageError(why_no_job_name(name))
    return JobRecord(workspace, name, options)


def report_url(record: JobRecord) -> str:
    """Where a job's report lies, or would."""
    return record.url(REPORT)


def find_report(record: JobRecord) -> str | None:
    """Where a job's report lies; `None` if there is none."""
    return report_url(record) if record.workspace.exists(record.path(REPORT)) else None


def job_names(workspace: Store) -> list[str]:
    """Names of all jobs in a workspace."""
    return [
        name for name in workspace.names(JOBS) if workspace.exists(f"{JOBS}/{name}/{_IDENTITY}")
    ]


def _settled(options: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if MASK in options.values():
        return None  # a plain secret of a datastore's file, which alone has it
    try:
        settled: Mapping[str, Any] = expanded(options, os.environ)
    except UnsetError:  # opened without: then the store says what it lacks
        return None
    return settled


def _to_json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=2, default=str).encode() + b"\n"
