"""Verifying: is what a job has made still what it wrote?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from framework.domain.states import JobStatus
from framework.errors import UsageError
from framework.jobs.downloading import Wanted, output_files
from framework.jobs.job import find_job
from framework.jobs.record import open_record
from framework.storage import NO_OPTIONS, Options, Store
from framework.storage.checksums import sha256_of


class Verdict(StrEnum):
    """What became of a file since the job wrote it."""

    SAME = "same"
    CHANGED = "changed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A file that was looked at.

    Attributes:
        url: The file, as people write it.
        sha256: What the job wrote, in hex.
        verdict: Whether that is there.
    """

    url: str
    sha256: str | None
    verdict: Verdict


def verify_job(workspace: Store, name: str, options: Options = NO_OPTIONS) -> Iterator[Verified]:
    """Reads the output, and what scripts published beside it, and compares their checksums.

    Raises:
        NotFoundError: There is no such job.
        UsageError: It is not Completed, so that it has no output.
        StorageError: A file can't be read.
    """
    job = find_job(workspace, name, options)
    if job.status != JobStatus.COMPLETED:
        raise UsageError(f"job {name} is {job.status}: it has an output once it is Completed")
    for wanted in output_files(job, open_record(workspace, name, options)):
        yield Verified(url=wanted.url, sha256=wanted.sha256, verdict=_verdict(wanted))


def _verdict(wanted: Wanted) -> Verdict:
    try:
        with wanted.store.open_read(wanted.path) as stream:
            is_same = sha256_of(stream) == wanted.sha256
    except FileNotFoundError:
        return Verdict.MISSING
    return Verdict.SAME if is_same else Verdict.CHANGED
