from __future__ import annotations

import statistics
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.jobs.report.durations import Durations

seconds = st.lists(st.floats(0, 1e7), min_size=1, max_size=200)


def durations_of(values) -> Durations:
    durations = Durations()
    durations.add(values)
    return durations


@given(seconds)
def test_the_bars_hold_every_mini_batch_and_touch_each_other(values):
    bars = durations_of(values).bars()

    assert sum(bar.mini_batches for bar in bars) == len(values)
    assert all(left.high == right.low for left, right in pairwise(bars))
    assert bars[0].mini_batches
    assert bars[-1].mini_batches


@given(st.lists(st.floats(1e-4, 1e5), min_size=1, max_size=200), st.integers(1, 100))
def test_a_percentile_is_right_within_three_percent(values, percent):
    found = durations_of(values).percentile(percent)
    below = sum(value <= found * 1.03 for value in values)
    above = sum(value >= found / 1.03 for value in values)

    assert below >= percent / 100 * len(values) - 1e-9
    assert above >= (1 - percent / 100) * len(values) - 1e-9


@given(seconds)
def test_the_longest_is_exact_and_nothing_is_above_it(values):
    durations = durations_of(values)

    assert durations.longest == max(values)
    assert durations.percentile(100) <= durations.longest


def test_the_median_is_the_middle_one():
    values = [0.5 + place / 100 for place in range(101)]

    assert durations_of(values).percentile(50) == pytest.approx(statistics.median(values), rel=0.03)


def test_nothing_has_no_bars():
    durations = durations_of([])

    assert (durations.bars(), durations.percentile(50), durations.longest) == ([], 0.0, 0.0)


def test_what_took_about_a_second_is_between_half_a_second_and_two():
    (bar,) = durations_of([0.6, 0.7, 0.9]).bars()

    assert bar == (0.5, 1.0, 3)
