"""How an exception in a user's code is told: its kind, one line, and the user's own traceback."""

from __future__ import annotations

import errno
import os
import re
import traceback
from types import TracebackType
from typing import Any, Dict, Optional

_PACKAGE = __name__.rpartition(".")[0]
_LONGEST_CHAIN = 10
_LONGEST_MESSAGE = 4_000
_LONGEST_TRACEBACK = 40_000
_OUT_OF_MEMORY = {"MemoryError", "OutOfMemoryError", "ResourceExhaustedError"}
# What torch before 1.13, cuBLAS, JAX and ONNX Runtime say, with no type of their own.
_SAID = re.compile(
    "CUDA out of memory|CUDA error: out of memory|MPS backend out of memory|RESOURCE_EXHAUSTED"
    "|CUDNN_STATUS_ALLOC_FAILED|CUBLAS_STATUS_ALLOC_FAILED|Failed to allocate memory for requested"
)
_OURS = (os.path.dirname(os.path.abspath(__file__)), "<frozen importlib")


class FailureTeller:
    """Tells failures as the one who wrote the code knows it.

    Args:
        snapshot: The folder that the code runs in: a copy, gone with the job.
        code: The folder that it is a copy of.
    """

    def __init__(self, snapshot: str, code: str) -> None:
        self._snapshot = snapshot
        self._code = code

    def describe(self, error: BaseException, stage: str) -> Dict[str, Any]:
        """A failed reply for an exception raised at `stage` (`load`, `score` or `encode`)."""
        reply = {
            "ok": False,
            "stage": stage,
            "kind": "memory" if _is_out_of_memory(error) else "exception",
            "message": _bounded(self._originally(_one_line(error)), _LONGEST_MESSAGE),
            "traceback": _bounded(self._originally(_users_traceback(error)), _LONGEST_TRACEBACK),
        }  # type: Dict[str, Any]
        if _is_disk_full(error):
            reply["disk_full"] = True
        return reply

    def _originally(self, text: str) -> str:
        return text.replace(self._snapshot, self._code) if self._code else text


def _bounded(text: str, most: int) -> str:
    """The beginning and the end of a long text: it is kept for each file that fails so."""
    if len(text) <= most:
        return text
    left_out = len(text) - most
    return "{0} [... {1} characters ...] {2}".format(
        text[: most // 2], left_out, text[len(text) - most // 2 :]
    )


def _one_line(error: BaseException) -> str:
    try:
        whole = traceback.format_exception_only(type(error), error)[-1].strip()
        text = str(error) if _is_ours(error) else whole
    except Exception:  # a user's exception may fail in its own __str__
        text = type(error).__name__
    return " ".join(text.split())


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out: Python's, the system's, or a device's; also as another's cause."""
    cause = error  # type: Optional[BaseException]
    for _ in range(_LONGEST_CHAIN):
        if cause is None:
            return False
        names = {kind.__name__ for kind in type(cause).__mro__}
        if names & _OUT_OF_MEMORY or getattr(cause, "errno", None) == errno.ENOMEM:
            return True
        if names & {"RuntimeError"} and _SAID.search(_one_line(cause)):
            return True
        cause = cause.__cause__
    return False


def _is_disk_full(error: BaseException) -> bool:
    cause = error  # type: Optional[BaseException]
    for _ in range(_LONGEST_CHAIN):
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        cause = cause.__cause__ if cause is not None else None
    return False


def _is_ours(error: BaseException) -> bool:
    return str(type(error).__module__).startswith(_PACKAGE)


def _users_traceback(error: BaseException) -> str:
    if _is_ours(error):  # it says what the scorer returned: no line of the user's has raised it
        return ""
    try:
        return "".join(
            traceback.format_exception(type(error), error, _skip_ours(error.__traceback__))
        )
    except Exception:  # as above
        return _one_line(error)


def _skip_ours(trace: Optional[TracebackType]) -> Optional[TracebackType]:
    frame = trace
    while frame is not None and frame.tb_frame.f_code.co_filename.startswith(_OURS):
        frame = frame.tb_next
    return frame or trace
