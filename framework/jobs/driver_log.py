"""What a job's drivers have to say, in the record: a line each, `TIME KIND TEXT`."""

from __future__ import annotations

import logging
import os

from framework.domain.redaction import without_signatures
from framework.errors import UsageError
from framework.jobs.clock import now
from framework.jobs.record import JobRecord

logger = logging.getLogger(__name__)

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
        self._record = record
        self._is_broken = False

    def add(self, kind: str, text: str) -> None:
        """Adds a line, or several of one kind."""
        moment = now()
        lines = without_signatures(text).splitlines() or [""]
        data = "".join(f"{moment} {kind} {line}\n" for line in lines)
        try:
            # Opened for each line: another process may clear the folder, or write there too.
            descriptor = os.open(
                self._record.local("logs", DRIVER_LOG),
                os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC,
                0o666,
            )
            try:
                os.write(descriptor, data.encode("utf-8", "surrogateescape"))
            finally:
                os.close(descriptor)
        except (OSError, UsageError) as error:
            if not self._is_broken:
                logger.warning("the driver's log can't be written: %s", error)
            self._is_broken = True
