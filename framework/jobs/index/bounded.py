"""Waiting for a call no longer than one wants to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class _Call(Generic[Result]):
    def __init__(self, function: Callable[[], Result]) -> None:
        self._function = function
        self._results: list[Result] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._results.append(self._function())
        except BaseException as error:  # noqa: BLE001  raised again where it is waited for
            self._error = error

    def result(self) -> Result:
        if self._error is not None:
            raise self._error
        return self._results[0]


def bounded(function: Callable[[], Result], seconds: float) -> Result:
    """Calls a function in a thread of its own, which is left behind where it takes too long.

    Some drivers wait for ever on a server that has stopped, whatever their time limits say.

    Raises:
        TimeoutError: It has not returned in time.
    """
    call = _Call(function)
    thread = threading.Thread(target=call.run, name="job-index-call", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"no answer within {seconds:g} s")
    return call.result()
