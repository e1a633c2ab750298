from __future__ import annotations

import pytest

from framework.scoring.child.failures import FailureTeller


class OutOfMemoryError(RuntimeError):
    """As torch.OutOfMemoryError is called."""


class ResourceExhaustedError(Exception):
    """As TensorFlow's is called."""


def kind_of(error: BaseException) -> str:
    return FailureTeller("", "").describe(error, "score")["kind"]


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        ResourceExhaustedError("OOM when allocating tensor"),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("CUDA error: out of memory"),
        OSError(12, "Cannot allocate memory"),
        caused(ValueError("scoring failed"), MemoryError()),
    ],
)
def test_running_out_of_memory_is_known_by_name_by_what_is_said_and_as_a_cause(error):
    assert kind_of(error) == "memory"


@pytest.mark.parametrize(
    "error",
    [
        ValueError("CUDA out of memory is what this label says"),
        RuntimeError("no memory of this"),
        OSError(28, "No space left on device"),
        KeyError("MemoryError"),
    ],
)
def test_nothing_else_is(error):
    assert kind_of(error) == "exception"


def test_a_ring_of_causes_has_an_end():
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert kind_of(first) == "exception"
