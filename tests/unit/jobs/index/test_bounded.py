from __future__ import annotations

import threading

import pytest

from framework.jobs.index.bounded import bounded


def test_a_result_comes_back():
    assert bounded(lambda: 3, 60) == 3


def test_an_error_is_raised_where_it_is_waited_for():
    def fail() -> None:
        raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        bounded(fail, 60)


def test_what_takes_too_long_is_left_behind():
    may_end = threading.Event()
    with pytest.raises(TimeoutError, match=r"within 0\.01 s"):
        bounded(may_end.wait, 0.01)
    may_end.set()
