"""A job, as those who asked for it or look for it see it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from framework import errors
from framework.domain.outcomes import Counts
from framework.domain.states import JobStatus
from framework.errors import FrameworkError, JobError, NotFoundError, UsageError
from framework.jobs.clock import now, parse
from framework.jobs.journal import is_gone
from framework.jobs.pace import pace_of
from framework.jobs.record import ERRORS, JobRecord, find_report, open_record
from framework.jobs.requests import is_cancel_requested, request_cancel
from framework.storage import NO_OPTIONS, Options, Store

if TYPE_CHECKING:
    import pandas as pd

    from framework.jobs.driver import Driver
    from framework.settings import Settings

_SILENT_BEATS = 5
_KEYS = (
    "name",
    "status",
    "endpoint",
    "deployment",
    "model",
    "input",
    "output",
    "counts",
    "created_at",
    "started_at",
    "ended_at",
    "dashboard_url",
    "report",
    "error",
)


class Job:
    """One invocation: its name, status, counts and output.

    Args:
        record: Where it is written down.
        driver: What runs it, if this process does.
    """

    def __init__(self, record: JobRecord, driver: Driver | None = None) -> None:
        self._record = record
        self._driver = driver
        self._thread: threading.Thread | None = None
        self.error: FrameworkError | None = None
        self.resumer: Callable[..., Job] | None = None
        self.crash: BaseException | None = None

    def start(self) -> None:
        """Runs the job in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name=f"job-{self.name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        if self._driver is None:
            raise RuntimeError("another process runs this job")
        try:
            self._driver.run()
        except FrameworkError as error:
            self.error = error
        except BaseException as crash:  # noqa: BLE001  told by whoever waits
            self.crash = crash

    @property
    def name(self) -> str:
        """Its name: unique in the workspace."""
        return self._record.name

    @property
    def document(self) -> dict[str, Any]:
        """Its composed settings as they are stored: secrets are references."""
        document: dict[str, Any] = self._record.present()["document"]
        return document

    def model_moved_on(self, settings: Settings) -> str | None:
        """Which model these settings mean by now, if not the one that the job began with."""
        from framework.jobs.chosen_model import moved_on

        return moved_on(self._record.present()["model"], settings, self._record.workspace)

    @property
    def status(self) -> JobStatus:
        """Where it stands."""
        return JobStatus(self.summary()["status"])

    @property
    def counts(self) -> dict[str, int]:
        """Files, succeeded, failed, rows and tries so far."""
        counts: dict[str, int] = self.summary()["counts"]
        return counts

    @property
    def output(self) -> str | None:
        """The output's path; nothing stands there before the job is Completed."""
        output: str | None = self.summary()["output"]
        return output

    @property
    def folder(self) -> str:
        """The folder or URL of the job's record: errors, failed inputs, logs."""
        return self._record.url()

    def failures(self) -> Iterator[str]:
        """The lines of the record's list of errors, as JSON; none where it has no list."""
        try:
            with self._record.workspace.open_read(self._record.path(ERRORS)) as file:
                for line in file:
                    yield line.decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            return

    def summary(self) -> dict[str, Any]:
        """The keys that `invoke` and `job show` print, always the same ones."""
        told = {**self._told(), "report": find_report(self._record)}
        return {key: told.get(key) for key in _KEYS}

    def write_report(self) -> str:
        """Writes the job's report anew, also of one that runs or whose driver has died.

        Returns:
            Where it lies: one HTML file.

        Raises:
            StorageError: The record can't be read, or the report not be written.
        """
        from framework.jobs.report.writing import write_report

        return write_report(self._record, self.summary())

    def _told(self) -> dict[str, Any]:
        """The summary with what else the driver has said, as far as that still holds."""
        identity = self._record.identity()
        epoch = self._record.epoch
        told = {**identity["summary"], **self._record.read_summary(epoch)}
        if JobStatus(told["status"]).is_final:
            return told
        if self._is_dead(epoch, identity, told):
            told["status"] = JobStatus.FAILED
            heard = told.get("updated_at", told["created_at"])
            told["error"] = f"its driver died: nothing was heard of it since {heard}"
        elif is_cancel_requested(self._record, epoch):
            told["status"] = JobStatus.CANCEL_REQUESTED
        return told

    def _is_dead(self, epoch: int, identity: dict[str, Any], told: dict[str, Any]) -> bool:
        if self._driver is not None and self._driver.epoch == epoch:
            return self._thread is not None and not self._thread.is_alive()
        claim = self._record.claim(epoch) if epoch else identity["creator"]
        if is_gone(claim):
            return True
        heard = told.get("updated_at", claim["started_at"])  # it may not have spoken yet
        silence_s = _SILENT_BEATS * pace_of(self._record.workspace).heartbeat_s
        return parse(now()) - parse(heard) > timedelta(seconds=silence_s)

    @property
    def runs_here(self) -> bool:
        """Whether this process runs it, or has run it; else another one did."""
        return self._driver is not None

    @property
    def progress(self) -> tuple[Counts, int | None, int, int]:
        """The counts, all files once they are known, and scorer processes: ready, and all."""
        told = self._told()
        heard = told.get("progress") or {}
        total, ready, processes = (heard.get(key) for key in ("files", "ready", "processes"))
        return Counts(**told["counts"]), total, ready or 0, processes or 0

    @property
    def output_folder(self) -> str | None:
        """Where the output goes, and what scripts write beside it; not known of an old record."""
        folder: str | None = self._told().get("output_folder")
        return folder

    def check_output(self) -> None:
        """Makes sure that the output of a job that is Completed is still there.

        Raises:
            NotFoundError: Somebody has removed it.
        """
        told = self._told()
        if told["status"] != JobStatus.COMPLETED or told["output"] is None:
            return
        folder, _, name = told["output"].rpartition("/")
        if not self._record.open(folder or "/").exists(name):
            raise NotFoundError(
                f"job {self.name} is Completed, but its output is not there any more: "
                f"{told['output']}; to score again, start a new job, or delete this one first "
                f"(`job delete {self.name}`)"
            )

    def failure(self) -> FrameworkError | None:
        """Why it is not Completed, whichever process ran it; `None` while it runs."""
        if self.error is not None:
            return self.error
        told = self._told()
        if told.get("error") is None or not JobStatus(told["status"]).is_final:
            return None
        kind = getattr(errors, str(told.get("error_kind")), JobError)
        is_ours = isinstance(kind, type) and issubclass(kind, FrameworkError)
        return (kind if is_ours else JobError)(told["error"])

    def wait(self, timeout: float | None = None) -> Job:
        """Waits until this process's run of the job has ended; a Failed job raises nothing here.

        Raises:
            TimeoutError: It has not ended within `timeout` seconds.
        """
        if self._thread is not None:
            self._thread.join(timeout)
            if self._thread.is_alive():
                raise TimeoutError(f"job {self.name} has not ended within {timeout} s")
        if self.crash is not None:
            raise self.crash
        return self

    def cancel(self) -> None:
        """Asks the job to stop: nothing more is begun, what is done is kept.

        Also one that another process runs, on whatever machine: its driver finds the request
        within a second. One that is Canceled already stays so.

        Raises:
            UsageError: It has ended otherwise, or its driver died.
        """
        if self._driver is not None and self._driver.epoch == self._record.epoch:
            self._driver.cancel()
            return
        epoch = self._record.epoch
        told = {**self._record.identity()["summary"], **self._record.read_summary(epoch)}
        if not JobStatus(told["status"]).is_final:
            request_cancel(self._record, epoch)  # one that is only believed dead hears it yet
        summary = self.summary()
        if summary["status"] in {JobStatus.COMPLETED, JobStatus.FAILED}:
            ended = ": ".join(filter(None, (summary["status"], summary["error"])))
            raise UsageError(f"job {self.name} can't be canceled, it is {ended}")

    def resume(self, *, accept_changes: bool = False) -> Job:
        """Continues the job after it has failed, was canceled or lost its driver.

        Args:
            accept_changes: Whether it goes on where model, code or inputs have changed.

        Raises:
            UsageError: It is running, or can't go on as it began.
        """
        if self.resumer is None:
            raise UsageError(f"job {self.name}: resume it by `job resume {self.name}`")
        return self.resumer(accepts_changes=accept_changes)

    def results(self) -> pd.DataFrame:
        """The output as a DataFrame.

        Raises:
            UsageError: There is no output, or pandas can't read its format.
        """
        from framework.jobs.results import read_results

        return read_results(self._record, self.output)

    def __repr__(self) -> str:
        told = self.summary()
        counts = told["counts"]
        return (
            f"<Job {self.name}: {told['status']}, {counts['succeeded']:,} of {counts['files']:,} "
            f"files succeeded, {counts['failed']:,} failed>"
        )


def find_job(workspace: Store, name: str, options: Options = NO_OPTIONS) -> Job:
    """The job of that name.

    Args:
        workspace: Where the jobs are.
        name: The job's.
        options: How to open what lies outside of the workspace, beyond what the record says.

    Raises:
        NotFoundError: There is none.
    """
    record = open_record(workspace, name, options)
    record.identity()
    return Job(record)
