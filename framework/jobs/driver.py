"""The driver: runs one job from its plan to its end. What is durable goes through its journal."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from framework.domain.outcomes import Receipt
from framework.domain.states import JobStatus
from framework.engine.dispatch import Dispatcher
from framework.engine.lease import PoolState
from framework.engine.pools import Pools
from framework.engine.session import Session, open_session
from framework.errors import (
    AccountingError,
    FrameworkError,
    JobCanceledError,
    SupersededError,
)
from framework.jobs.bounds import Bounds
from framework.jobs.changes import NO_CHANGES, Changes
from framework.jobs.commit import clear_staged, commit, committed
from framework.jobs.errors_file import write_errors
from framework.jobs.extras import publish_extras
from framework.jobs.finalizing import bring_logs, check_rows, report_end, stage_output
from framework.jobs.instances import idleness_of, instances_of
from framework.jobs.journal import Journal
from framework.jobs.keeping import ReceiptKeeper
from framework.jobs.ledger import Intent, Ledger
from framework.jobs.listing import Listing
from framework.jobs.log_writer import LogWriter
from framework.jobs.manifest import write_manifest
from framework.jobs.observing import Reporter
from framework.jobs.pace import pace_of
from framework.jobs.plan import JobPlan
from framework.jobs.reaching import Reach
from framework.jobs.requests import is_cancel_requested
from framework.jobs.scorer_environment import LOG, ScorerEnvironment
from framework.jobs.secrecy import kept_secret
from framework.jobs.source import PlannedSource

logger = logging.getLogger(__name__)

CANCEL_GRACE_S = 2.0
_CLOSE_GRACE_S = 10.0


class Driver:
    """Runs one job, once. Another driver may take it over; then this one stops.

    Args:
        plan: What to do.
        journal: This driver's hold on the job.
        reporter: Who is told how it goes.
        changes: What is different from the drivers before it.
    """

    def __init__(
        self,
        plan: JobPlan,
        journal: Journal,
        reporter: Reporter,
        changes: Changes = NO_CHANGES,
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._reporter = reporter
        self._changes = changes
        self._ledger = Ledger(journal)
        self._listing = Listing(journal, plan.listing.files, self._on_more_files)
        self._source = PlannedSource(self._listing, plan.settings, self._ledger.done)
        self._dispatcher: Dispatcher | None = None
        self._bounds = Bounds(plan.settings.error_threshold, self._ledger, self._listing)
        self._is_canceled = threading.Event()
        self._pace = pace_of(plan.record.workspace)
        self._looks_at = 0.0
        self._environment = ScorerEnvironment(
            plan.environment, reporter, LogWriter(plan.record, LOG), plan.record.name
        )

    @property
    def epoch(self) -> int:
        """Its number among the drivers that the job has had."""
        return self._journal.epoch

    def cancel(self) -> None:
        """Asks it to stop: nothing more is begun, and what is done is kept. From any thread."""
        self._is_canceled.set()
        self._environment.cancel()
        if self._dispatcher is not None:
            self._dispatcher.stop(CANCEL_GRACE_S)
        self._reporter.status(JobStatus.CANCEL_REQUESTED)

    def _on_beat(self) -> None:
        self._environment.tick()
        moment = time.monotonic()
        if self._is_canceled.is_set() or moment < self._looks_at:
            return
        self._looks_at = moment + self._pace.request_s
        if is_cancel_requested(self._plan.record, self.epoch):
            self.cancel()

    def run(self) -> None:
        """Runs the job to its end.

        Raises:
            FrameworkError: It has not ended as Completed; why is in its record too.
        """
        self._reporter.start(self._on_beat)
        try:
            self._run()
            self._end(JobStatus.COMPLETED)
        except SupersededError:
            raise  # the job is another driver's now: not a word about it
        except JobCanceledError as error:
            self._end(JobStatus.CANCELED, error)
            raise
        except FrameworkError as error:
            self._end(JobStatus.FAILED, error)
            raise
        except Exception as error:
            self._end(JobStatus.FAILED, FrameworkError(f"internal error: {error!r}"))
            raise
        finally:
            self._listing.stop()
            self._reporter.close()
            self._journal.close()

    def _run(self) -> None:
        self._reporter.status(JobStatus.PREPARING)
        for notice in self._changes.notices:
            self._reporter.notice(notice)
        if self._changes.lines:
            self._ledger.add_changes(self._changes.lines)
        self._listing.start()
        committed = self._committed()
        if committed is not None:
            self._check_all_done()
            check_rows(committed, self._ledger)
            write_manifest(self._plan.record, committed)
            return
        with self._environment.in_use() as python:
            self._plan = self._plan.with_python(python)
            try:
                self._run_on_instances()
            finally:
                self._reporter.note("dashboard_url", None)

    def _run_on_instances(self) -> None:
        settings = self._plan.settings
        with open_session(
            self._plan.compute,
            instances_of(self._plan, self._listing, self._ledger.done),
            settings.compute.wait_timeout,
            self._reporter.notice,
            self._is_canceled.is_set,
        ) as session:
            self._reporter.note("dashboard_url", session.dashboard_link)
            if session.dashboard_link:
                self._reporter.notice(f"dashboard: {session.dashboard_link}")
            self._plan = Reach(
                kept_secret(self._plan, session), self._listing, session, self._reporter.notice
            ).settled()
            if self._plan.places.input_root != self._plan.listing.root:
                self._source.tell_copies()
            self._score(session)
            self._finalize(session)

    def _committed(self) -> Intent | None:
        """What a driver before this one has published as the output; tidies up after it."""
        if not self._plan.keeps_rows:
            return None
        intent = committed(self._plan.target, self._ledger)
        clear_staged(self._plan.target, self._plan.record, self._journal.epoch)
        if intent is not None:
            self._reporter.note("output_sha256", intent.sha256)
        elif doubt := self._plan.target.doubt():
            self._reporter.notice(f"warning: {doubt}")
        return intent

    def _score(self, session: Session) -> None:
        self._bounds.check()
        spec = self._plan.pool(self._journal.epoch)
        wait_timeout_s = self._plan.settings.compute.wait_timeout
        with Pools(
            session, spec, on_state=self._on_pool_state, wait_timeout_s=wait_timeout_s
        ) as pools:
            self._dispatcher = dispatcher = Dispatcher(
                session, pools, self._source, self._bounds.limits, idleness_of(self._plan)
            )
            if self._is_canceled.is_set() or self._listing.error is not None:
                dispatcher.stop(CANCEL_GRACE_S)
            self._reporter.status(JobStatus.RUNNING)
            with self._keeper(dispatcher) as keeper:
                for receipts in dispatcher.receipts():
                    keeper.keep(receipts)
            pools.end(grace_s=_CLOSE_GRACE_S)
            bring_logs(self._plan)
        for warning in self._plan.listing.warnings:
            self._reporter.notice(f"warning: {warning}")
        if self._listing.error is not None:
            raise self._listing.error
        self._bounds.check()
        self._check_not_canceled()

    def _keeper(self, dispatcher: Dispatcher) -> ReceiptKeeper:
        def on_kept(receipts: Sequence[Receipt]) -> None:
            self._tell_progress()
            for text in self._bounds.news(receipts):
                self._reporter.notice(text)
            if self._bounds.is_exceeded:
                dispatcher.stop(0.0)  # what is finished on its way here is kept

        return ReceiptKeeper(self._ledger, self._journal, self._pace.ledger_s, on_kept)

    def _check_not_canceled(self) -> None:
        if self._is_canceled.is_set():
            raise JobCanceledError(f"job {self._plan.record.name} was canceled")

    def _finalize(self, session: Session) -> None:
        self._reporter.status(JobStatus.FINALIZING)
        self._check_all_done()
        planned, done = self._source.planned, len(self._ledger.done)
        if planned != done:
            raise AccountingError(
                f"{planned} mini-batches were planned, but {done} have an outcome"
            )
        staged = (
            stage_output(self._plan, session, self._ledger, self.epoch)
            if self._plan.keeps_rows
            else None
        )
        self._check_not_canceled()
        if self._ledger.has_extras:
            folder = self._plan.target.store
            for warning in publish_extras(self._plan.record, folder, self.epoch):
                self._reporter.notice(warning)
        if staged is not None:
            staged = commit(self._plan.target, staged, self._ledger, self._journal)
            self._reporter.note("output_sha256", staged.sha256)
        write_manifest(self._plan.record, staged)

    def _check_all_done(self) -> None:
        """Makes sure that every listed file has an outcome, once."""
        counts = self._ledger.counts
        counts.files = self._listing.known
        self._tell_progress()
        if counts.not_attempted:
            raise AccountingError(
                f"{counts.files} files were listed, but {counts.succeeded} succeeded and "
                f"{counts.failed} failed"
            )

    def _end(self, status: JobStatus, error: FrameworkError | None = None) -> None:
        self._tell_progress()
        try:
            if self._ledger.has_failures:
                write_errors(self._plan.record, self._plan.listing.root)
            self._ledger.add_end(status, str(error) if error else None)
        except FrameworkError as failed:  # a full disk, say: the first error is the one to tell
            logger.warning("the job's end could not be written down: %s", failed)
        try:
            self._tidy_up(status)
        except FrameworkError as failed:  # what is left is in the way of nothing
            logger.warning("the job's staged files could not be removed: %s", failed)
        report = report_end(self._plan.record, self.epoch, status, error, self._ledger.counts)
        self._reporter.note("report", report)
        self._reporter.status(status, error)

    def _tidy_up(self, status: JobStatus) -> None:
        record = self._plan.record
        if status == JobStatus.COMPLETED:
            self._journal.check_still_ours()  # a successor may be writing there
            record.unstage()
        else:
            clear_staged(self._plan.target, record, self.epoch + 1)

    def _tell_progress(self) -> None:
        counts = self._ledger.counts
        counts.files = self._listing.known
        self._reporter.progress(counts, counts.files if self._listing.is_complete else None)

    def _on_more_files(self) -> None:
        self._tell_progress()
        if self._dispatcher is not None:
            if self._listing.error is not None:
                self._dispatcher.stop(CANCEL_GRACE_S)
            self._dispatcher.wake()

    def _on_pool_state(self, state: PoolState) -> None:
        self._reporter.processes(state.ready, state.processes)
