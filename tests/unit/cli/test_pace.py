from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.cli.pace import Pace


def test_nothing_can_be_said_before_something_is_done() -> None:
    pace = Pace()
    assert pace.rate is None
    pace.observe(0.0, 0)
    pace.observe(5.0, 0)
    assert pace.rate is None
    assert pace.seconds_left(10) is None


def test_files_of_an_earlier_run_count_for_nothing() -> None:
    pace = Pace()
    pace.observe(0.0, 90_000)
    pace.observe(10.0, 90_100)
    assert pace.rate == pytest.approx(10)
    assert pace.seconds_left(90_200) == pytest.approx(10)


def test_nothing_is_left_to_say_when_all_is_done_or_the_total_unknown() -> None:
    pace = Pace()
    pace.observe(0.0, 0)
    pace.observe(1.0, 10)
    assert pace.seconds_left(10) is None
    assert pace.seconds_left(None) is None


def test_the_rate_follows_when_a_job_becomes_slow() -> None:
    pace = Pace()
    for second in range(100):
        pace.observe(float(second), second * 100)
    for second in range(100, 200):
        pace.observe(float(second), 9_900 + second - 99)
    assert pace.rate == pytest.approx(1, rel=0.05)


# Clocks count microseconds at best.
MOMENTS = st.integers(0, 100_000_000).map(lambda microseconds: microseconds / 1e6)


@given(st.lists(st.tuples(MOMENTS, st.integers(0, 1000)), max_size=50))
def test_rate_and_time_left_are_never_negative(steps: list[tuple[float, int]]) -> None:
    pace, now, done = Pace(), 0.0, 0
    for seconds, files in steps:
        now, done = now + seconds, done + files
        pace.observe(now, done)
        assert pace.rate is None or pace.rate > 0
        left = pace.seconds_left(done + 5)
        assert left is None or left > 0
