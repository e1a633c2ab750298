"""Writing a job's report into its record."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from framework.jobs.record import REPORT, JobRecord, report_url
from framework.jobs.report.facts import gather
from framework.jobs.report.page import render

logger = logging.getLogger(__name__)

# Reading so many lines of the list of inputs costs the driver about two seconds.
MOST_FILES_AT_THE_END = 1_000_000


def write_report(
    record: JobRecord, summary: Mapping[str, Any], *, most_files: int | None = None
) -> str:
    """Writes `report.html` anew, from the ledger and the record alone.

    Args:
        record: The job's; it may be running.
        summary: As `job show` prints it.
        most_files: Listed files that are looked at for the names of slow mini-batches' files.

    Returns:
        Where it lies.

    Raises:
        StorageError: The record can't be read, or the report not be written.
    """
    page = render(gather(record, summary, most_files=most_files))
    record.workspace.write(record.path(REPORT), page)
    return report_url(record)


def write_at_end(record: JobRecord, epoch: int, ending: Mapping[str, Any]) -> str | None:
    """The same at a job's end: no report is worth a job, so that nothing is ever raised.

    Args:
        record: The job's.
        epoch: The driver's number.
        ending: What of the summary is not written down yet: how it has ended.

    Returns:
        Where it lies; `None` if there is none.
    """
    try:
        told = {**record.identity()["summary"], **record.read_summary(epoch), **ending}
        return write_report(record, told, most_files=MOST_FILES_AT_THE_END)
    except Exception as error:  # noqa: BLE001  the job has ended, and ends as it has
        logger.warning("the job's report could not be written: %r", error)
        return None
