"""Transfers: files on their way to this machine, many at once, each with its end."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from framework.domain.files import InputFile
from framework.errors import StorageError
from framework.storage.careful import CarefulFetch
from framework.storage.contract import Store
from framework.storage.gets import Answer, Connections, Get, Requests
from framework.storage.hands import Hands
from framework.storage.pacing import Pace

logger = logging.getLogger(__name__)

_LARGEST_DIRECT = 8 << 20
_MOST_CAREFUL = 16
_MOST_HANDS = 64
_TRIES_TO_PREPARE = 3
_FAILURES_TO_HOLD = 8
_FAILURES_TO_GIVE_UP = 16
_REFRESH_S = 60.0
_CLOSE_S = 2.0


@dataclass(slots=True, kw_only=True, eq=False)
class Transfer:
    """One file to be brought.

    Attributes:
        file: Which one.
        target: Where it goes.
        is_wanted: Whether somebody still wants it.
        on_end: Told of the end: why the file can't be had, or nothing; and what keeps any file
            from being had. From a thread that must not be held up.
    """

    file: InputFile
    target: str
    is_wanted: Callable[[], bool]
    on_end: Callable[[str, StorageError | None], None]


class Transfers:
    """Brings files, as many at once as hide the latency.

    Small files of stores that can have it so are had by plain GETs; all others, and those where
    anything is out of the ordinary, by the store's own `fetch`, which tries again and explains.

    Args:
        store: Where the files are.
        most_at_once: How many requests may be in flight.
    """

    def __init__(self, store: Store, *, most_at_once: int) -> None:
        self._store = store
        self._most = most_at_once
        self._pace = Pace(most_at_once)
        self._hands = Hands(min(most_at_once, _MOST_HANDS), "fetch")
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()
        self._new: list[Transfer] = []
        self._waiting: deque[Transfer] = deque()
        self._again: deque[Transfer] = deque()
        self._direct = self._careful = 0
        self._failures = 0
        self._has_direct = False
        self._requests: Requests | None = None
        self._connections: Connections | None = None
        self._tries = _TRIES_TO_PREPARE
        self._is_preparing = self._is_closed = False
        self._by_library = CarefulFetch(store)
        self._trouble: StorageError | None = None
        self._thread = threading.Thread(target=self._run, name="fetch-loop", daemon=True)
        self._thread.start()

    def add(self, transfers: Sequence[Transfer]) -> None:
        """Takes transfers, to be begun in order; from any thread."""
        with self._lock:
            is_first = not self._new
            self._new.extend(transfers)
        if is_first and not self._is_closed:
            self._call(self._take)

    def close(self) -> None:
        """Stops; transfers that have not ended never will. A store that is gone is not awaited."""
        self._is_closed = True
        self._call(self._stop)
        self._thread.join()
        self._hands.close(_CLOSE_S)

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(asyncio.sleep(0))  # cut connections say so
        self._loop.close()

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            if not self._is_closed:
                raise

    # --- in the loop's thread

    def _stop(self) -> None:
        if self._connections is not None:
            self._connections.close()
        self._loop.stop()

    def _take(self) -> None:
        with self._lock:
            new, self._new = self._new, []
        self._waiting.extend(new)
        self._pump()

    def _pump(self) -> None:
        """Begins what may begin."""
        while self._again and self._careful < self._most_careful:
            self._begin_careful(self._again.popleft())
        while self._waiting and not self._is_preparing:
            transfer = self._waiting[0]
            if self._trouble is not None or not transfer.is_wanted():
                self._waiting.popleft()
                self._end(transfer, "", self._trouble)
            elif self._may_prepare(transfer):
                self._is_preparing = True
                self._hands.run(partial(self._prepare, transfer.file.path))
            elif self._is_for_direct(transfer):
                if self._direct >= self._pace.limit or self._is_held:
                    return
                self._waiting.popleft()
                self._begin_direct(transfer)
            elif self._careful < self._most_careful:
                self._begin_careful(self._waiting.popleft())
            else:
                return

    @property
    def _most_careful(self) -> int:
        if self._requests is not None:
            return min(_MOST_CAREFUL, self._most)
        return min(self._pace.limit, _MOST_HANDS)

    @property
    def _is_held(self) -> bool:
        """Whether plain GETs wait until the store's library gets something again."""
        return self._failures >= _FAILURES_TO_HOLD and bool(self._careful or self._again)

    def _may_prepare(self, transfer: Transfer) -> bool:
        is_small = transfer.file.size <= _LARGEST_DIRECT
        return self._requests is None and self._tries > 0 and is_small

    def _is_for_direct(self, transfer: Transfer) -> bool:
        return self._requests is not None and transfer.file.size <= _LARGEST_DIRECT

    def _prepared(self, requests: Requests | None) -> None:
        self._is_preparing = False
        self._tries -= 1
        if requests is not None and not self._is_closed:
            self._requests = requests
            self._connections = Connections(requests.server, self._loop)
            self._refresh_later()
        elif self._waiting:  # with another file, perhaps; this one may be what is wrong
            self._begin_careful(self._waiting.popleft())
        self._pump()

    def _refresh_later(self) -> None:
        self._loop.call_later(_REFRESH_S, self._hands.run, self._refresh)

    def _begin_direct(self, transfer: Transfer) -> None:
        assert self._requests is not None
        assert self._connections is not None
        file = transfer.file
        try:
            head = self._requests.head(file.path)
        except (StorageError, ValueError):  # no path of this store
            self._again.append(transfer)
            self._loop.call_soon(self._pump)
            return
        self._direct += 1
        on_end = partial(self._end_direct, transfer)
        get = Get(head=head, target=transfer.target, size=file.size, etag=file.etag, on_end=on_end)
        self._connections.begin(get)

    def _end_direct(self, transfer: Transfer, get: Get, answer: Answer) -> None:
        self._direct -= 1
        if answer is Answer.DONE:
            now = self._loop.time()
            self._failures, self._has_direct = 0, True
            self._pace.observe(now - get.began, self._direct + 1)
            self._by_library.hear(transfer.file.path)
            self._end(transfer, "", None)
        else:
            self._failures += 1
            if self._failures == _FAILURES_TO_GIVE_UP and not self._has_direct:
                self._give_up_direct()
            if answer is Answer.THROTTLED:
                self._pace.slow_down()
            self._again.append(transfer)
        self._pump()

    def _give_up_direct(self) -> None:
        """Leaves all to the library: something on the way there is not as we think."""
        logger.info("files take the store's library: no plain request has succeeded")
        self._requests, self._tries = None, 0

    def _begin_careful(self, transfer: Transfer) -> None:
        self._careful += 1
        self._hands.run(partial(self._carefully, transfer))

    def _end_careful(
        self, transfer: Transfer, reason: str, trouble: StorageError | None, seconds: float
    ) -> None:
        if self._requests is None and not reason and trouble is None:
            self._pace.observe(seconds, self._careful)
        self._careful -= 1
        if trouble is None and self._has_direct:
            self._failures = 0
        elif trouble is not None:
            self._trouble = self._trouble or trouble
        self._end(transfer, reason, self._trouble if trouble else None)
        self._pump()

    def _end(self, transfer: Transfer, reason: str, trouble: StorageError | None) -> None:
        transfer.on_end(reason, trouble)

    # --- in threads that may wait

    def _prepare(self, path: str) -> None:
        self._call(self._prepared, self._store.requests(path))

    def _refresh(self) -> None:
        if self._requests is None:
            return
        try:
            self._requests.refresh()
        except Exception as error:  # noqa: BLE001  each library has errors of its own
            logger.warning("credentials are not renewed: %s", type(error).__name__)
        self._call(self._refresh_later)

    def _carefully(self, transfer: Transfer) -> None:
        began = time.monotonic()
        reason, trouble = "", self._trouble
        if trouble is None and transfer.is_wanted():
            reason, trouble = self._by_library.fetch(transfer.file, transfer.target)
        seconds = time.monotonic() - began
        self._call(self._end_careful, transfer, reason, trouble, seconds)
