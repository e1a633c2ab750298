"""One file by the store's own library: why it can't be had, and whose fault that is."""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from pathlib import Path

from framework.domain.files import InputFile
from framework.errors import StorageError, StoreUnavailableError
from framework.storage.contract import Store
from framework.storage.os_errors import explain
from framework.storage.paths import checked_relative

logger = logging.getLogger(__name__)

_OF_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


class CarefulFetch:
    """Fetches files of one store, from any thread, and tells bad ones from a store that is gone.

    Args:
        store: Where the files are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._heard = 0.0
        self._unanswered = 0
        self._good: str | None = None

    def hear(self, path: str) -> None:
        """Notes that the store has just given a file, to anybody."""
        self._heard, self._good = time.monotonic(), path

    def fetch(self, file: InputFile, target: str) -> tuple[str, StorageError | None]:
        """Fetches a file.

        Returns:
            Why it can't be had, or nothing; and what keeps any file from being had.
        """
        began = time.monotonic()
        try:
            reason = self._try(file, target)
        except StorageError as error:
            return self._judge(error, began)
        except Exception as error:  # the file must not be waited for without end
            logger.exception("fetching failed")
            return f"internal error while fetching: {error!r}", None
        self._heard, self._unanswered = time.monotonic(), 0
        return reason, None

    def _try(self, file: InputFile, target: str) -> str:
        try:
            checked_relative(file.path.lstrip("/"))  # objects may begin with a slash
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if file.etag and self._store.has_lasting_etags:
                found = self._store.stat(file.path)
                if found.etag != file.etag:
                    return _changed(found.size, file.size)
            self._store.fetch(file.path, Path(target))
            size = os.stat(target).st_size
        except FileNotFoundError:
            return "it is not there any more"
        except OSError as error:
            raise StorageError(explain(error, "writing", target)) from error
        if size != file.size and (file.size or self._store.tells_sizes):
            return _changed(size, file.size)
        self._good = file.path
        return ""

    def _judge(self, error: StorageError, began: float) -> tuple[str, StorageError | None]:
        if _is_of_the_disk(error):
            return "", error
        if isinstance(error, StoreUnavailableError) and (
            error.is_certain or not self._has_answered(began)
        ):
            return "", error
        return error.message, None

    def _has_answered(self, since: float) -> bool:
        """Whether the store has answered anybody since; if nobody else has asked, it is asked."""
        if self._heard > since:
            return True
        with self._lock:
            self._unanswered += 1
            is_alone = self._unanswered == 1
        if not is_alone or self._good is None:
            return False
        try:
            self._store.stat(self._good)
        except FileNotFoundError:
            return True
        except StorageError:
            return False
        return True


def _changed(size: int, listed: int) -> str:
    what = f"{size} bytes, and not {listed}" if size != listed else "its etag differs"
    return f"it has changed since it was listed: {what}"


def _is_of_the_disk(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
            return True
        error = error.__cause__
    return False
