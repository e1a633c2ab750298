"""A running job's row in the index, kept in step with its record: beside the job, never in its way.

All of it happens in a thread of its own. A database that is slow, locked or gone costs the job
nothing but a warning; the next list finds the truth in the record.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time

from framework.errors import NotFoundError
from framework.jobs.index.opening import open_index
from framework.jobs.record import JobRecord

logger = logging.getLogger(__name__)

# Loading the database library takes half a second of a core: not while the job is getting started.
START_S = 1.0
PACE_S = 5.0
FINISH_S = 2.0
_LOAD_S = 15.0


class IndexFeed:
    """Writes a job's row when its status changes, and every few seconds in between.

    Args:
        record: The job's, which the row is copied from.
        index_url: The index's database; SQLite in the workspace where absent.
        start_s: How long the first row waits.
    """

    def __init__(
        self, record: JobRecord, index_url: str | None, *, start_s: float = START_S
    ) -> None:
        self._record = record
        self._index_url = index_url
        self._start_s = start_s
        self._wanted = threading.Event()
        self._closed = threading.Event()
        self._is_loaded = threading.Event()
        self._written_at = time.monotonic()
        self._has_warned = False
        self._thread = threading.Thread(target=self._keep, name="job-index", daemon=True)

    def start(self) -> None:
        """Begins; the process's end waits a moment for the last row."""
        self._thread.start()
        atexit.register(self.join)

    def changed(self, *, is_status: bool) -> None:
        """The record says something new. Returns at once."""
        if is_status or time.monotonic() - self._written_at >= PACE_S:
            self._wanted.set()

    def close(self) -> None:
        """The record has its last word. The row is written after that, beside what follows.

        Where the record lies far away, that is waited for a moment.
        """
        self._closed.set()
        self._wanted.set()
        if self._record.workspace.local_path("") is None:
            self.join()  # at the process's end nothing can be read from there any more

    def join(self, seconds: float = FINISH_S) -> None:
        """Waits until the last row is written, but not long.

        Args:
            seconds: For the database; where its library is still loading, that is waited for.
        """
        if self._thread.ident is not None:
            self._is_loaded.wait(_LOAD_S)
            self._thread.join(seconds)

    def _keep(self) -> None:
        self._closed.wait(self._start_s)
        is_last = False
        while not is_last:
            self._wanted.wait()
            self._wanted.clear()
            is_last = self._closed.is_set()  # first: the row is read after it
            self._write()
            self._is_loaded.set()
            self._written_at = time.monotonic()
        atexit.unregister(self.join)

    def _write(self) -> None:
        # Loads what reads a job, which is not there yet while the modules of a job are loading.
        from framework.jobs.index.entries import read_entry

        try:
            index = open_index(self._index_url, self._record.workspace)
            self._is_loaded.set()
            index.put([read_entry(self._record)])
        except NotFoundError:  # deleted meanwhile
            return
        except Exception as error:  # noqa: BLE001  drivers of databases have errors of their own
            self._warn(error)

    def _warn(self, error: Exception) -> None:
        level = logging.DEBUG if self._has_warned else logging.WARNING
        self._has_warned = True
        logger.log(level, "job %s goes on without the index: %s", self._record.name, error)
