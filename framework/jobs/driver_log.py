"""What a job's drivers have to say, in the record: a line each, `TIME KIND TEXT`."""

from __future__ import annotations

from framework.domain.redaction import without_signatures
from framework.jobs.clock import now
from framework.jobs.log_writer import LogWriter
from framework.jobs.record import JobRecord

DRIVER = "driver"
DRIVER_LOG = f"{DRIVER}.log"
STATUS = "status"
NOTICE = "notice"
ERROR = "error"
TRACEBACK = "traceback"


class DriverLog:
    """Appends lines to the record's `logs/driver.log`; a job never fails for its log.

    Args:
        record: The job's.
    """

    def __init__(self, record: JobRecord) -> None:
        self._writer = LogWriter(record, DRIVER_LOG)

    def add(self, kind: str, text: str) -> None:
        """Adds a line, or several of one kind."""
        moment = now()
        lines = without_signatures(text).splitlines() or [""]
        data = "".join(f"{moment} {kind} {line}\n" for line in lines)
        self._writer.add(data.encode("utf-8", "surrogateescape"))

    def flush(self) -> None:
        """Makes what was added visible to others."""
        self._writer.flush()

    def close(self) -> None:
        """Closes the log."""
        self._writer.close()
