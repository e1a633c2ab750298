"""Between the last receipt and the commit: the parts become the output, with every row."""

from __future__ import annotations

import secrets

from framework.domain.outcomes import Counts
from framework.domain.states import JobStatus
from framework.engine.errands import run_on_one
from framework.engine.session import Session
from framework.errors import AccountingError, FrameworkError, NothingSucceededError
from framework.jobs.clock import now
from framework.jobs.commit import MOST_ATTEMPTS, token
from framework.jobs.ledger import Intent, Ledger
from framework.jobs.observing import shown_counts
from framework.jobs.plan import JobPlan
from framework.jobs.record import JobRecord
from framework.jobs.reduce import Reduction, reduce_parts
from framework.jobs.report.writing import write_at_end


def stage_output(plan: JobPlan, session: Session, ledger: Ledger, epoch: int) -> Intent:
    """Reduces the parts, and makes sure that the output has every row that was counted.

    Raises:
        NothingSucceededError: There is nothing to write.
        AccountingError: A part is not what the ledger says, or rows are missing.
    """
    counts = ledger.counts
    if not counts.succeeded:
        raise NothingSucceededError(f"no item succeeded: all {counts.files:,} files failed")
    intent = _reduce(plan, session, epoch)
    check_rows(intent, ledger)
    return intent


def check_rows(intent: Intent, ledger: Ledger) -> None:
    """Makes sure that an output has every row that was counted.

    Raises:
        AccountingError: It hasn't.
    """
    if intent.rows != ledger.counts.rows:
        raise AccountingError(
            f"the output has {intent.rows} rows, but the ledger counts {ledger.counts.rows}"
        )


def bring_logs(plan: JobPlan) -> None:
    """Takes scorer processes' logs into the record, where instances could not write there."""
    record = plan.record
    if plan.places.logs == record.url("logs"):
        return
    logs = record.staging.at("logs")
    for name in logs.names():
        log = record.workspace.append_log(record.path("logs", name))
        log.append(logs.read_log(name))
        log.close()
        logs.delete(name)


def report_end(
    record: JobRecord,
    epoch: int,
    status: JobStatus,
    error: FrameworkError | None,
    counts: Counts,
) -> str | None:
    """Writes the report of a job that has ended; returns where it lies, if it could be written."""
    ending = {
        "status": status,
        "error": str(error) if error else None,
        "ended_at": now(),
        "counts": shown_counts(counts),
    }
    return write_at_end(record, epoch, ending)


def _reduce(plan: JobPlan, session: Session, epoch: int) -> Intent:
    """On an instance, near the data; in this process where no instance sees it."""
    record, target = plan.record, plan.target

    def reduction(attempt: int) -> Reduction:
        return Reduction(
            workspace=record.workspace.url,
            job=record.name,
            folder=target.store.url,
            file_name=target.file_name,
            output_format=plan.output_format,
            token=token(record, epoch, attempt),
        )

    if not plan.places.is_reduced_there:
        return reduce_parts(reduction(0), plan.options)
    attempts = [reduction(attempt) for attempt in range(MOST_ATTEMPTS)]
    # Another workspace may have a job of the same name on the same cluster.
    key = f"reduce-{record.name}-{epoch}-{secrets.token_hex(4)}"
    return run_on_one(session, key, reduce_parts, attempts, plan.sent_options)
