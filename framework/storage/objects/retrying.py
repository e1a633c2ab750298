"""Trying again: the one place where requests to services are repeated.

What passes (throttling, a service's own failures, timeouts, connections that break) is asked again
after a pause that doubles and is spread at random, so that many workers don't come back all at
once. It ends after a time that is bounded, and the error then says for how long it was tried.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from framework.storage.objects.service import Conflict, ServiceError

Answer = TypeVar("Answer")

PATIENCE_S = 60.0
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 10.0
_LEAST_TRIES = 3
"""Also where the first try alone takes all the time, as one that times out does."""


class PassingError(Exception):
    """A request failed in a way that may pass.

    Attributes:
        reason: Why, in people's words.
        key: Of what.
    """

    def __init__(self, reason: str, key: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.key = key


def persistently(ask: Callable[[], Answer], patience_s: float | None = None) -> Answer:
    """Asks until it succeeds, or fails for good.

    Args:
        ask: One request; raises `PassingError` for what is worth another try.
        patience_s: For how long; `PATIENCE_S` by default.

    Raises:
        ServiceError: It still failed at the end of that time.
    """
    return _again(ask, PassingError, PATIENCE_S if patience_s is None else patience_s)


def again_on_conflict(write: Callable[[], Answer]) -> Answer:
    """Repeats a write of several requests for as long as others are at the same key."""
    return _again(write, Conflict, PATIENCE_S)


def _again(ask: Callable[[], Answer], what: type[Exception], patience_s: float) -> Answer:
    # Imported here: who never asks a service does without.
    from tenacity import (
        RetryError,
        Retrying,
        retry_if_exception_type,
        stop_after_attempt,
        stop_after_delay,
        wait_random_exponential,
    )

    began = time.monotonic()
    retrying = Retrying(
        retry=retry_if_exception_type(what),
        wait=wait_random_exponential(multiplier=_FIRST_PAUSE_S, max=_LONGEST_PAUSE_S),
        stop=stop_after_delay(patience_s) & stop_after_attempt(_LEAST_TRIES),
    )
    try:
        return retrying(ask)
    except RetryError as error:
        last = error.last_attempt
        failure = last.exception()
        spent = time.monotonic() - began
        reason = getattr(failure, "reason", "others kept writing to the same name")
        raise ServiceError(
            f"{reason}, still after {last.attempt_number} tries in {spent:.0f} s",
            getattr(failure, "key", ""),
        ) from failure
