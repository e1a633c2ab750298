"""Copying what a job has made to a folder of the user's choice, in the layout that `az` uses.

`named-outputs/score/` gets the output and what scripts published beside it, and nothing else that
may lie in the same folder; `artifacts/` gets the record.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from framework.domain.states import JobStatus
from framework.errors import NotFoundError, OutputExistsError, UsageError
from framework.jobs.extras import published_extras
from framework.jobs.job import Job, find_job
from framework.jobs.record import JobRecord, open_record
from framework.storage import NO_OPTIONS, Options, Store, open_store

SCORE = "score"
_OUTPUTS = f"named-outputs/{SCORE}"
_ARTIFACTS = "artifacts"
_STAGING = "staging"
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file to be copied.

    Attributes:
        store: Where it lies.
        path: Its path there.
        target: Its path below the download's folder.
        sha256: What the job wrote; `None` where that is not known.
    """

    store: Store
    path: str
    target: str
    sha256: str | None = None

    @property
    def url(self) -> str:
        """The file, as people write it."""
        return f"{self.store.url.rstrip('/')}/{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A file that was copied.

    Attributes:
        path: Below the download's folder.
        size: In bytes.
        is_changed: Whether it is not what the job wrote any more.
    """

    path: str
    size: int
    is_changed: bool


class Download:
    """What a job has made, to be copied.

    Args:
        workspace: Where the job is.
        name: The job's name.
        with_record: Whether its record is wanted, too; also of a job that is not Completed.
        options: How to open what lies outside of the workspace, beyond what the record says.

    Raises:
        NotFoundError: There is no such job.
        UsageError: There is nothing to copy.
    """

    def __init__(
        self,
        workspace: Store,
        name: str,
        *,
        with_record: bool,
        options: Options = NO_OPTIONS,
    ) -> None:
        job = find_job(workspace, name, options)
        self._record = open_record(workspace, name, options)
        self._with_record = with_record
        self._job = job
        self.has_output = job.status == JobStatus.COMPLETED
        if not self.has_output and not with_record:
            raise UsageError(
                f"job {name} is {job.status}: it has an output once it is Completed; "
                "--all downloads its record"
            )
        if next(self.wanted(), None) is None:
            raise UsageError(f"job {name} keeps no rows (output_action=summary_only)")

    def wanted(self) -> Iterator[Wanted]:
        """The files, as a stream: there may be very many."""
        if self.has_output:
            yield from output_files(self._job, self._record)
        if self._with_record:
            yield from _artifacts(self._record)

    def copy_to(
        self, folder: str, *, replaces: bool, on_bytes: Callable[[int], None]
    ) -> Iterator[Copied]:
        """Copies the files: each appears whole, or not at all.

        Args:
            folder: Where to; made if it isn't there.
            replaces: Whether files that are there are replaced.
            on_bytes: Told how many bytes more have been copied.

        Raises:
            OutputExistsError: One of the files is there already; found before any is copied.
            NotFoundError: What the job has made is not there any more.
            StorageError: It can't be read or written, or a name leads out of the folder.
        """
        target = open_store(folder)
        for wanted in self.wanted():
            if not wanted.store.exists(wanted.path):
                raise NotFoundError(f"{wanted.url} is not there any more")
            if not replaces and target.exists(wanted.target):
                raise _exists(target, wanted)
        for wanted in self.wanted():
            yield _copy(wanted, target, replaces=replaces, on_bytes=on_bytes)


def output_files(job: Job, record: JobRecord) -> Iterator[Wanted]:
    """The output of a job that is Completed, and what its scripts published beside it."""
    if job.output is not None:
        folder, _, file_name = job.output.rpartition("/")
        sha256 = record.read_summary(record.epoch).get("output_sha256")
        target = f"{_OUTPUTS}/{file_name}"
        yield Wanted(store=record.open(folder or "/"), path=file_name, target=target, sha256=sha256)
    if job.output_folder is not None:
        store = record.open(job.output_folder)
        for extra in published_extras(record):
            target = f"{_OUTPUTS}/{extra.path}"
            yield Wanted(store=store, path=extra.path, target=target, sha256=extra.sha256)


def _artifacts(record: JobRecord) -> Iterator[Wanted]:
    root = record.path()
    for file in record.workspace.walk(root):
        below = file.path.removeprefix(f"{root}/")
        if not below.startswith(f"{_STAGING}/"):
            target = f"{_ARTIFACTS}/{below}"
            yield Wanted(store=record.workspace, path=file.path, target=target)


def _copy(
    wanted: Wanted, target: Store, *, replaces: bool, on_bytes: Callable[[int], None]
) -> Copied:
    digest, size = hashlib.sha256(), 0
    mark = secrets.token_hex(8)
    try:
        with (
            wanted.store.open_read(wanted.path) as source,
            target.stage(wanted.target, mark) as staged,
        ):
            while piece := source.read(_PIECE):
                staged.stream.write(piece)
                digest.update(piece)
                size += len(piece)
                on_bytes(len(piece))
        _publish(staged.path, wanted, target, replaces=replaces)
    except FileNotFoundError:
        raise NotFoundError(f"{wanted.url} is not there any more") from None
    finally:
        target.unstage(wanted.target, mark)
    is_changed = wanted.sha256 is not None and digest.hexdigest() != wanted.sha256
    return Copied(path=wanted.target, size=size, is_changed=is_changed)


def _publish(staged: str, wanted: Wanted, target: Store, *, replaces: bool) -> None:
    local = target.local_path(staged)
    if replaces and local is not None:
        target.put(local, wanted.target)
        return
    try:
        target.commit(staged, wanted.target)
    except FileExistsError:
        raise _exists(target, wanted) from None


def _exists(target: Store, wanted: Wanted) -> OutputExistsError:
    return OutputExistsError(
        f"{target.url}/{wanted.target} exists already; --force replaces it, "
        "--download-path=DIR downloads elsewhere"
    )
