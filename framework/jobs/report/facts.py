"""Everything that a report tells, gathered from a job's record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from framework.domain.mini_batches import MiniBatch
from framework.domain.states import JobStatus
from framework.jobs.clock import now, parse
from framework.jobs.driver_log import DRIVER_LOG, NOTICE
from framework.jobs.errors_file import FAILED_INPUTS
from framework.jobs.record import ERRORS, JobRecord
from framework.jobs.report.named import find_mini_batches
from framework.jobs.report.tally import Drive, Tally, tally

MOST_DRIVERS = 100
MOST_LOGS = 100
MOST_WARNINGS = 100
_LOG_BYTES = 1 << 20
_DASHBOARD = "dashboard: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One driver that the job has had.

    Attributes:
        host: Where it ran.
        pid: Its process.
        started_at: When it took the job.
        ended_at: When it was last heard of.
        status: How it ended; of the newest one the job's status.
        error: Why it did not complete the job.
        drive: What it has done.
    """

    host: str
    pid: int
    started_at: str
    ended_at: str | None
    status: str
    error: str
    drive: Drive


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """A scorer process's log, beside the report."""

    path: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """A slow mini-batch; its files are `None` where they were not looked for so far."""

    seconds: float
    index: int
    batch: MiniBatch | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a report tells.

    Attributes:
        identity: What never changes about the job.
        summary: Where it stands.
        tally: The ledger's numbers.
        drivers: Those it has had, oldest first.
        slowest: The slowest mini-batches, the slowest first.
        logs: The scorer processes' logs.
        logs_left_out: More of them, which are not named.
        files_there: Which of the record's lists of failures are there.
        warnings: What people were told while it ran.
        written_at: When all this was so.
    """

    identity: Mapping[str, Any]
    summary: Mapping[str, Any]
    tally: Tally
    drivers: tuple[Driver, ...]
    slowest: tuple[Slow, ...]
    logs: tuple[LogFile, ...]
    logs_left_out: int
    files_there: tuple[str, ...]
    warnings: tuple[str, ...]
    written_at: str

    @property
    def document(self) -> Mapping[str, Any]:
        """The composed settings, secrets as references."""
        document: Mapping[str, Any] = self.identity["document"]
        return document

    @property
    def span(self) -> timedelta | None:
        """From the job's creation to its end, or to now; `None` if a clock was set back."""
        end = self.summary.get("ended_at") or self.written_at
        span = parse(end) - parse(self.summary["created_at"])
        return span if span >= timedelta() else None


def gather(record: JobRecord, summary: Mapping[str, Any], *, most_files: int | None) -> Facts:
    """Reads a job's record.

    Args:
        record: The job's.
        summary: As `job show` prints it.
        most_files: Listed files that are looked at for names, to bound the time; `None` for all.
    """
    identity = record.present()
    document = identity["document"]
    counted = tally(record, processes=document.get("max_concurrency_per_instance", 1))
    logs, logs_left_out = _logs(record)
    return Facts(
        identity=identity,
        summary=summary,
        tally=counted,
        drivers=tuple(_drivers(record, summary, counted.drives)),
        slowest=_slowest(record, document, counted, most_files),
        logs=logs,
        logs_left_out=logs_left_out,
        files_there=tuple(
            name for name in (ERRORS, FAILED_INPUTS) if record.workspace.exists(record.path(name))
        ),
        warnings=_warnings(record),
        written_at=now(),
    )


def _drivers(
    record: JobRecord, summary: Mapping[str, Any], drives: Sequence[Drive]
) -> Iterator[Driver]:
    by_epoch = {drive.epoch: drive for drive in drives}
    newest = record.epoch
    for epoch in _epochs(record):
        claim, told = record.claim(epoch), record.read_summary(epoch)
        drive = by_epoch.get(epoch, Drive(epoch=epoch))
        status, ended_at, error = drive.ended, told.get("ended_at"), drive.error
        if epoch == newest:
            status, ended_at = summary["status"], summary.get("ended_at")
            error = summary.get("error") or ""
        yield Driver(
            host=claim["host"],
            pid=claim["pid"],
            started_at=claim["started_at"],
            ended_at=ended_at or told.get("updated_at"),
            status=status or "died",
            error=error,
            drive=drive,
        )


def _epochs(record: JobRecord) -> list[int]:
    return [int(name.split(".")[0]) for name in record.epochs()][-MOST_DRIVERS:]


def _slowest(
    record: JobRecord, document: Mapping[str, Any], counted: Tally, most_files: int | None
) -> tuple[Slow, ...]:
    wanted = [index for _, index in counted.slowest]
    found = find_mini_batches(record, document, wanted, most_files=most_files)
    return tuple(
        Slow(seconds=seconds, index=index, batch=found.get(index))
        for seconds, index in counted.slowest
    )


def _logs(record: JobRecord) -> tuple[tuple[LogFile, ...], int]:
    names = record.workspace.names(record.path("logs"))
    logs = []
    for name in names[:MOST_LOGS]:
        size = record.workspace.log_size(record.path("logs", name))
        logs.append(LogFile(path=f"logs/{name}", size=size))
    return tuple(logs), len(names) - len(logs)


def _warnings(record: JobRecord) -> tuple[str, ...]:
    """What drivers have told, as their log has it; less where the dashboard is, or was."""
    path = record.path("logs", DRIVER_LOG)
    try:
        data = record.workspace.read_log(path, length=_LOG_BYTES)
    except FileNotFoundError:
        return ()
    text = data.decode("utf-8", "backslashreplace")
    lines = (line.split(" ", 2) for line in text.splitlines())
    told = [line[2] for line in lines if len(line) == 3 and line[1] == NOTICE]
    notes = (text for text in told if not text.startswith(_DASHBOARD))
    return tuple(dict.fromkeys(notes))[:MOST_WARNINGS]


def is_final(summary: Mapping[str, Any]) -> bool:
    """Whether nothing more happens to the job by itself."""
    return JobStatus(summary["status"]).is_final
