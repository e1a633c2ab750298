"""Reading many pieces in order, several at once: what is read next has been asked for already."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_AT_ONCE = 8


def read_ahead(
    read: Callable[[T], bytes], pieces: Iterable[T]
) -> Generator[tuple[T, bytes], None, None]:
    """Reads pieces, up to eight at once; they come in order, and wait in memory.

    Args:
        read: Reads one piece; is called from several threads.
        pieces: What to read, of bounded size.

    Yields:
        Each piece, with its bytes.
    """
    threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="read-ahead")
    asked: deque[tuple[T, Future[bytes]]] = deque()
    try:
        for piece in pieces:
            asked.append((piece, threads.submit(read, piece)))
            if len(asked) >= _AT_ONCE:
                yield _next(asked)
        while asked:
            yield _next(asked)
    finally:
        threads.shutdown(cancel_futures=True)


def _next(asked: deque[tuple[T, Future[bytes]]]) -> tuple[T, bytes]:
    piece, data = asked.popleft()
    return piece, data.result()
