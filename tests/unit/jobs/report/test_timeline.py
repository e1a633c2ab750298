from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.jobs.report.timeline import MOST_BINS, Timeline

steps = st.tuples(st.floats(0, 1e5), st.integers(0, 1000), st.integers(0, 1000), st.floats(0, 1e4))
drivers = st.lists(st.lists(steps, max_size=20), max_size=4)


def timeline_of(drivers) -> Timeline:
    timeline = Timeline()
    for driver in drivers:
        timeline.begin_driver()
        at = 0.0
        for passed, succeeded, failed, spent in driver:
            at += passed
            timeline.pass_time(at)
            timeline.add(succeeded, failed, spent=spent)
    return timeline


@given(drivers)
def test_no_file_is_lost_or_invented_in_the_bins(drivers):
    bins = timeline_of(drivers).bins()
    taken = [step for driver in drivers for step in driver]

    assert sum(each.succeeded for each in bins) == pytest.approx(sum(step[1] for step in taken))
    assert sum(each.failed for each in bins) == pytest.approx(sum(step[2] for step in taken))


@given(drivers)
def test_bins_follow_each_other_and_are_never_too_many(drivers):
    timeline = timeline_of(drivers)
    bins = timeline.bins()

    assert len(bins) <= MOST_BINS
    assert all(one.end <= next_one.begin for one, next_one in pairwise(bins))
    assert all(each.begin <= each.end <= timeline.seconds for each in bins[:-1])


def test_files_are_spread_over_the_time_that_was_spent_on_them():
    timeline = timeline_of([[(10.0, 100, 0, 5.0)]])
    rates = {each.begin: each.succeeded / (each.end - each.begin) for each in timeline.bins()}

    assert {rate for begin, rate in rates.items() if begin < 4.8} == {0.0}
    assert [rate for begin, rate in rates.items() if begin >= 5.1] == pytest.approx(
        [20.0] * sum(begin >= 5.1 for begin in rates)
    )


def test_the_pause_between_two_drivers_is_no_work():
    timeline = timeline_of([[(3.0, 1, 0, 0.0)], [(2.0, 1, 0, 0.0)]])

    assert (timeline.begins, timeline.seconds) == ([0.0, 3.0], 5.0)


def test_time_that_goes_back_is_not_believed():
    timeline = Timeline()
    timeline.begin_driver()
    for at in (5.0, 3.0, 6.0):
        timeline.pass_time(at)
        timeline.add(1, 0, spent=1.0)

    assert timeline.seconds == 6.0
    assert sum(each.succeeded for each in timeline.bins()) == pytest.approx(3)
