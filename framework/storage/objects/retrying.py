"""Trying again: the one place where requests to services are repeated.

What passes (throttling, a service's own failures, timeouts, connections that break) is asked again
after a pause that doubles and is spread at random, so that many workers don't come back all at
once. It ends after a time that is bounded, and the error then says for how long it was tried.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from framework.storage.objects.failures import (
    Conflict,
    PassingError,
    ServiceError,
    UnavailableError,
)

if TYPE_CHECKING:
    from tenacity import RetryCallState

Answer = TypeVar("Answer")

PATIENCE_S = 60.0
FIRST_PATIENCE_S = 25.0
"""Until a service has answered once: its address may be wrong."""

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 10.0
_LONGEST_ASKED_S = 30.0
_LEAST_TRIES = 3
"""Also where the first try alone takes all the time, as one that times out does."""


class Patience:
    """For how long one service is asked again: not for long, if it never answered at all."""

    def __init__(self) -> None:
        self.is_answered = False

    def persistently(self, ask: Callable[[], Answer]) -> Answer:
        """Asks until it succeeds, or fails for good.

        Args:
            ask: One request; raises `PassingError` for what is worth another try.

        Raises:
            ServiceError: It still failed at the end of that time.
        """
        return _again(ask, PassingError, PATIENCE_S if self.is_answered else FIRST_PATIENCE_S)


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
    usual = wait_random_exponential(multiplier=_FIRST_PAUSE_S, max=_LONGEST_PAUSE_S)
    retrying = Retrying(
        retry=retry_if_exception_type(what),
        wait=lambda state: max(usual(state), _asked_for(state)),
        stop=stop_after_delay(patience_s) & stop_after_attempt(_LEAST_TRIES),
    )
    try:
        return retrying(ask)
    except RetryError as error:
        last = error.last_attempt
        failure = last.exception()
        spent = time.monotonic() - began
        reason = getattr(failure, "reason", "others kept writing to the same name")
        kind = UnavailableError if isinstance(failure, PassingError) else ServiceError
        raise kind(
            f"{reason}, still after {last.attempt_number} tries in {spent:.0f} s",
            getattr(failure, "key", ""),
        ) from failure


def _asked_for(state: RetryCallState) -> float:
    """The pause that the service has asked for itself."""
    failure = state.outcome.exception() if state.outcome else None
    return min(getattr(failure, "after_s", 0.0), _LONGEST_ASKED_S)
