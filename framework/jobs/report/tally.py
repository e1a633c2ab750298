"""What the ledger says of a job, gathered in one pass and in bounded memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

from framework.domain.outcomes import Counts
from framework.jobs.journal import LEDGER, read_segments
from framework.jobs.ledger import DoneSet
from framework.jobs.record import JobRecord
from framework.jobs.report.durations import Durations
from framework.jobs.report.failed import Failures
from framework.jobs.report.timeline import Timeline

SLOWEST = 10
# Places in an outcome's line.
_NUMBERS = 6
_PLAIN = 8


@dataclass(slots=True, kw_only=True)
class Drive:
    """What one driver has done.

    Attributes:
        epoch: Its number.
        mini_batches: Mini-batches that ended while it drove, and count.
        files: Their files.
        seconds: From its beginning to its last line; `None` if its lines say no times.
        ended: The status that it ended with; empty if it has not said so.
        error: Why it did not complete the job.
    """

    epoch: int
    mini_batches: int = 0
    files: int = 0
    seconds: float | None = None
    ended: str = ""
    error: str = ""


@dataclass(slots=True, kw_only=True)
class Tally:
    """The numbers of a report.

    Attributes:
        counts: Totals; `counts.files` are those with an outcome.
        retried: Mini-batches that took more than one try.
        durations: Of mini-batches: the last scoring call of each.
        timeline: Files over time.
        failures: What failed and why.
        drives: By epoch, what its driver has done.
        slowest: Seconds and index of the slowest mini-batches, the slowest first.
    """

    counts: Counts = field(default_factory=Counts)
    retried: int = 0
    durations: Durations = field(default_factory=Durations)
    timeline: Timeline = field(default_factory=Timeline)
    failures: Failures = field(default_factory=Failures)
    drives: list[Drive] = field(default_factory=list)
    slowest: list[tuple[float, int]] = field(default_factory=list)


def tally(record: JobRecord, *, processes: int) -> Tally:
    """Reads a job's ledger.

    Args:
        record: The job's.
        processes: Scorer processes of an instance: so many mini-batches of a receipt were scored
            at a time.
    """
    found, done = Tally(), DoneSet()
    for epoch, entries in read_segments(record, LEDGER):
        drive = Drive(epoch=epoch)
        found.drives.append(drive)
        found.timeline.begin_driver()
        _tally_driver(found, drive, entries, done, processes)
    found.slowest.sort(reverse=True)
    return found


def _tally_driver(
    found: Tally, drive: Drive, entries: Iterator[Any], done: DoneSet, processes: int
) -> None:
    for entry in entries:
        if "receipt" in entry or "ended" in entry:
            drive.seconds = entry.get("at")
            found.timeline.pass_time(drive.seconds)
        if "receipt" in entry:
            rows = entry["receipt"]["outcomes"]
            rows = list(compress(rows, done.add_each([row[0] for row in rows])))
            if rows:
                _add(found, drive, rows, processes)
        elif "ended" in entry:
            drive.ended = entry["ended"]["status"]
            drive.error = entry["ended"]["error"] or ""


def _add(found: Tally, drive: Drive, rows: Sequence[Sequence[Any]], processes: int) -> None:
    indices, *sums, seconds = zip(*(row[:_NUMBERS] for row in rows), strict=True)
    files, succeeded, row_count, tries = map(sum, sums)
    _count(found.counts, files, succeeded, row_count, tries, len(rows))
    found.retried += sum(each > 1 for each in sums[-1])
    drive.mini_batches += len(rows)
    drive.files += files
    found.durations.add(seconds)
    found.timeline.add(succeeded, files - succeeded, spent=sum(seconds) / max(1, processes))
    _add_slowest(found.slowest, zip(seconds, indices, strict=True), max(seconds))
    for row in rows:
        if len(row) > _PLAIN:
            found.failures.add(row[0], row[4], row[_PLAIN])


def _count(counts: Counts, *numbers: int) -> None:
    files, succeeded, rows, tries, mini_batches = numbers
    counts.files += files
    counts.succeeded += succeeded
    counts.failed += files - succeeded
    counts.rows += rows
    counts.tries += tries
    counts.mini_batches += mini_batches


def _add_slowest(
    slowest: list[tuple[float, int]], timed: Iterator[tuple[float, int]], longest: float
) -> None:
    if len(slowest) < SLOWEST or longest > slowest[0][0]:
        slowest[:] = heapq.nlargest(SLOWEST, [*slowest, *timed])[::-1]
