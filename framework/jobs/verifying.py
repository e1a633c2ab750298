"""Verifying: is what a job has made still what it wrote?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from framework.domain.states import JobStatus
from framework.errors import UsageError
from framework.jobs.downloading import Wanted, output_files
from framework.jobs.job import find_job
from framework.jobs.ledger import intents
from framework.jobs.manifest import FORMAT, MANIFEST, entries, extras_entry, output_entry
from framework.jobs.record import JobRecord, open_record
from framework.storage import NO_OPTIONS, Options, Store
from framework.storage.checksums import sha256_of

_OUTPUT = "output"
_EXTRAS = "extras"


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
        entry: The manifest's entry that it is compared with.
        sha256: What the job wrote, in hex.
        verdict: Whether that is there.
    """

    url: str
    entry: str
    sha256: str | None
    verdict: Verdict


def verify_job(workspace: Store, name: str, options: Options = NO_OPTIONS) -> Iterator[Verified]:
    """Reads the output, and what scripts published beside it, and compares their checksums.

    The manifest is compared with the rest of the record; only what differs is told of it.

    Raises:
        NotFoundError: There is no such job.
        UsageError: It is not Completed, so that it has no output.
        StorageError: A file can't be read.
    """
    job, record = find_job(workspace, name, options), open_record(workspace, name, options)
    if job.status != JobStatus.COMPLETED:
        raise UsageError(f"job {name} is {job.status}: it has an output once it is Completed")
    for wanted in output_files(job, record):
        yield Verified(
            url=wanted.url,
            entry=_OUTPUT if wanted.url == job.output else _EXTRAS,
            sha256=wanted.sha256,
            verdict=_verdict(wanted),
        )
    url = f"{record.workspace.url.rstrip('/')}/{record.path(MANIFEST)}"
    for entry in _changed_entries(record):
        yield Verified(url=url, entry=entry, sha256=None, verdict=Verdict.CHANGED)


def _verdict(wanted: Wanted) -> Verdict:
    try:
        with wanted.store.open_read(wanted.path) as stream:
            is_same = sha256_of(stream) == wanted.sha256
    except FileNotFoundError:
        return Verdict.MISSING
    return Verdict.SAME if is_same else Verdict.CHANGED


def _changed_entries(record: JobRecord) -> Iterator[str]:
    """The manifest's entries that do not follow from the record any more."""
    try:
        told = json.loads(record.workspace.read(record.path(MANIFEST)))
    except FileNotFoundError:  # a job of a version before there were any
        return
    except ValueError:
        told = None
    if not isinstance(told, dict) or "manifest" not in told:
        yield "manifest"
    elif told["manifest"] == FORMAT:
        yield from _differing(told, record)


def _differing(told: dict[str, Any], record: JobRecord) -> Iterator[str]:
    for key, value in entries(record).items():
        if told.get(key) != value:
            yield key
    made = [output_entry(intent) for intent in intents(record)]
    if told.get(_OUTPUT) not in (made or [None]):
        yield _OUTPUT
    if told.get(_EXTRAS) != list(extras_entry(record)):
        yield _EXTRAS
