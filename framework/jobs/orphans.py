"""Orphans: what jobs that were killed or deleted have left, and no job needs any more.

A job that is not Completed may be resumed and needs all it has, but for what was staged under the
output's name: that is made again. What a job that is being created may need is left alone for a day
where the store tells ages; elsewhere while any job is running.
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from framework.domain.states import JobStatus
from framework.errors import FrameworkError, StorageError
from framework.jobs.commit import MOST_ATTEMPTS, token
from framework.jobs.job import Job
from framework.jobs.record import JOBS, JobRecord, open_record
from framework.jobs.removing import TRASH
from framework.jobs.snapshot import CODE
from framework.storage import NO_OPTIONS, Options, Store
from framework.storage.durable import is_temporary

_PROBE = re.compile(r"\.[0-9a-f]{16}\.probe")
_OLD_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """Something that can go.

    Attributes:
        store: Where it is.
        path: Its path there.
        what: What it is, in words.
    """

    store: Store
    path: str
    what: str

    @property
    def url(self) -> str:
        """Where it is, as people write it."""
        return f"{self.store.url.rstrip('/')}/{self.path}"

    @property
    def size(self) -> int:
        """In bytes, with what is below it."""
        try:
            return self.store.stat(self.path).size
        except (FileNotFoundError, StorageError):  # a folder
            return sum(file.size for file in self.store.walk(self.path))

    def remove(self) -> None:
        """Removes it.

        Raises:
            StorageError: It can't be removed.
        """
        self.store.delete(self.path)


def find_orphans(workspace: Store, options: Options = NO_OPTIONS) -> Iterator[Orphan]:
    """All orphans of a workspace, and those beside the outputs of its jobs.

    Args:
        workspace: Where the jobs are.
        options: How to open what lies outside of it.

    Raises:
        StorageError: The workspace can't be read.
    """
    for name in workspace.names(TRASH):
        yield Orphan(store=workspace, path=f"{TRASH}/{name}", what="a deleted job")
    needed: set[str] = set()
    is_quiet = True
    for name in workspace.names(JOBS):
        record = open_record(workspace, name, options)
        if record.is_deleted():
            yield Orphan(store=workspace, path=record.path(), what="a job that is half deleted")
        elif record.exists():
            is_final = yield from _of_job(record, needed)
            is_quiet &= is_final
    yield from _cut_short(workspace, ["", CODE], "what a write that was cut short has left")
    yield from _snapshots(workspace, needed, is_quiet=is_quiet)


def _of_job(record: JobRecord, needed: set[str]) -> Generator[Orphan, None, bool]:
    """Orphans of one job; returns whether nobody drives it."""
    status = Job(record).status
    needed.update(_snapshots_of(record))
    if not status.is_final:
        return False
    store = record.workspace
    if status == JobStatus.COMPLETED:
        yield from _staged(record)
    folders = [record.path(), *(record.path(name) for name in ("epochs", "summaries", "requests"))]
    yield from _cut_short(store, folders, f"what a killed driver of {record.name} has left")
    yield from _beside_output(record)
    return True


def _staged(record: JobRecord) -> Iterator[Orphan]:
    """The staged rows of a Completed job: in its record, or beside its output."""
    try:
        staging = record.staging
        folder, _, name = staging.url.rpartition("/")
        if staging.names():
            what = f"staged rows of {record.name}, which is Completed"
            yield Orphan(store=record.open(folder or "/"), path=name, what=what)
    except FrameworkError:  # it can't be reached from here: nothing is known of it
        return


def _beside_output(record: JobRecord) -> Iterator[Orphan]:
    """What drivers have staged under the output's name and did not live to commit."""
    summary = {**record.identity()["summary"], **record.read_summary(record.epoch)}
    folder = summary.get("output_folder") or _folder(summary.get("output"))
    if folder is None:
        return
    tokens = [
        token(record, epoch, attempt)
        for epoch in range(1, record.epoch + 1)
        for attempt in range(MOST_ATTEMPTS)
    ]
    try:
        store = record.open(folder)
        names = store.names()
    except FrameworkError:  # it can't be reached from here: nothing is known of it
        return
    what = f"what a killed driver of {record.name} had not committed"
    for name in names:
        if name.startswith(".") and name.endswith(tuple(f".{each}.staged" for each in tokens)):
            yield Orphan(store=store, path=name, what=what)


def _folder(output: Any) -> str | None:
    return output.rpartition("/")[0] or "/" if isinstance(output, str) else None


def _snapshots_of(record: JobRecord) -> Iterator[str]:
    """The snapshots of code that a job began with, and went on with."""
    for identity in (record.identity(), record.present()):
        if identity.get("code"):
            yield str(identity["code"])


def _snapshots(workspace: Store, needed: set[str], *, is_quiet: bool) -> Iterator[Orphan]:
    for name in workspace.names(CODE):
        path = f"{CODE}/{name}"
        is_kept = name.startswith(".") or path in needed
        if not is_kept and _may_go(workspace, path, is_quiet=is_quiet):
            what = "a snapshot of code that no job refers to"
            yield Orphan(store=workspace, path=path, what=what)


def _cut_short(store: Store, folders: Iterable[str], what: str) -> Iterator[Orphan]:
    for folder in folders:
        for name in _all_names(store, folder):
            path = f"{folder}/{name}".lstrip("/")
            is_cut_short = is_temporary(name) or _PROBE.fullmatch(name)
            if is_cut_short and _may_go(store, path, is_quiet=True):
                yield Orphan(store=store, path=path, what=what)


def _all_names(store: Store, folder: str) -> list[str]:
    """Also those that a disk's store does not tell; a store of objects writes whole or not."""
    local = store.local_path(folder)
    if local is None:
        return store.names(folder)
    return sorted(each.name for each in local.iterdir()) if local.is_dir() else []


def _may_go(store: Store, path: str, *, is_quiet: bool) -> bool:
    """Whether nobody can be about to use it, who is not to be seen yet."""
    local = store.local_path(path)
    if local is None:
        return is_quiet
    try:
        return time.time() - local.lstat().st_mtime > _OLD_S
    except FileNotFoundError:  # it was, just now
        return False
