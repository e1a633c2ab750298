"""The job's own list of inputs: written down before anything is scored, and never made again."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from framework.domain.files import InputFile
from framework.errors import FrameworkError
from framework.jobs.journal import INPUTS, Journal, read_log

logger = logging.getLogger(__name__)

_FIRST_FILES = 1_000
_SYNC_S = 0.5

ListFiles = Callable[[str | None], Iterator[InputFile]]


class Listing:
    """Lists the inputs in a thread of its own, durably, ahead of those who read the list.

    Args:
        journal: The driver's hold on the job.
        list_files: Lists the files that come after a path; all of them for `None`.
        on_more: Called, from the thread, when there is more to read, and at the end.
    """

    def __init__(
        self, journal: Journal, list_files: ListFiles, on_more: Callable[[], None]
    ) -> None:
        self._journal = journal
        self._list_files = list_files
        self._on_more = on_more
        self._known = 0
        self._last: str | None = None
        self.is_complete = False
        self.error: FrameworkError | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listing", daemon=True)

    @property
    def known(self) -> int:
        """Files that are durably listed."""
        return self._known

    def start(self) -> None:
        """Begins to list, where an earlier driver stopped."""
        for entry in read_log(self._journal.record, INPUTS):
            if isinstance(entry, dict):
                self.is_complete = True
            else:
                self._known += 1
                self._last = entry[0]
        if self.is_complete:
            self._on_more()
        else:
            self._thread.start()

    def is_listed_within(self, seconds: float) -> bool:
        """Whether all is listed; waits a little for it."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return self.is_complete

    def wait(self) -> None:
        """Waits until all is listed.

        Raises:
            FrameworkError: It can't be listed.
        """
        if self._thread.ident is not None:
            self._thread.join()
        if self.error is not None:
            raise self.error

    def stop(self) -> None:
        """Stops listing; what is listed stays."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._write()
        except FrameworkError as error:
            self.error = error
        except Exception as error:  # the job must not wait for a listing that has ended
            logger.exception("listing failed")
            self.error = FrameworkError(f"internal error while listing: {error!r}")
        self._on_more()

    def _write(self) -> None:
        batch: list[Any] = []
        due = time.monotonic()
        for file in self._list_files(self._last):
            if self._stop.is_set():
                return
            batch.append(file)
            if len(batch) % _FIRST_FILES == 0 and time.monotonic() >= due:
                self._publish(batch)
                batch = []
                due = time.monotonic() + _SYNC_S
        self._publish(batch)
        self._journal.append(INPUTS, {"files": self._known})
        self._journal.sync(INPUTS)
        self.is_complete = True

    def _publish(self, batch: list[Any]) -> None:
        self._journal.append(INPUTS, *batch)
        self._journal.sync(INPUTS)
        self._known += len(batch)
        self._on_more()

    def files(self) -> Iterator[InputFile | None]:
        """All files in order; `None` whenever the next one is not durably listed yet."""
        read = 0
        for file in self._earlier():
            read += 1
            yield file
        while read >= self._known:
            if self.is_complete and read >= self._known:
                return
            yield None
        with self._journal.open_own(INPUTS) as segment:
            while True:
                if read < self._known:
                    read += 1
                    yield InputFile(*json.loads(segment.readline().decode("ascii")))
                elif self.is_complete and read >= self._known:
                    return
                else:
                    yield None

    def _earlier(self) -> Iterator[InputFile]:
        """What earlier drivers have listed."""
        for entry in read_log(self._journal.record, INPUTS, before=self._journal.epoch):
            if not isinstance(entry, dict):
                yield InputFile(*entry)
