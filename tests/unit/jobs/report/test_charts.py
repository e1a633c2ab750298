from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from framework.jobs.report.charts import Chart, durations_chart, spelled, throughput_chart
from framework.jobs.report.durations import Bar
from framework.jobs.report.timeline import Bin

files = st.floats(0, 1e9)


@st.composite
def timelines(draw):
    width = draw(st.floats(1e-3, 1e6))
    filled = draw(st.lists(st.tuples(files, files), max_size=30))
    return [Bin(n * width, (n + 1) * width, *each) for n, each in enumerate(filled)]


def assert_inside(chart: Chart) -> None:
    for bar in chart.bars:
        assert chart.left - 0.02 <= bar.x <= chart.right
        assert bar.x + bar.width <= chart.right + 2
        assert -0.02 <= bar.y <= chart.bottom
        assert bar.height > 0
        assert bar.y + bar.height <= chart.bottom + 0.02
    for mark in (*chart.columns, *chart.moments):
        assert chart.left <= mark.at <= chart.right + 0.02
    for mark in chart.rows:
        assert chart.top - 0.02 <= mark.at <= chart.bottom


@given(timelines())
def test_throughput_stays_in_its_frame(bins):
    chart = throughput_chart(bins, [0.0, *(each.begin for each in bins[::3])])

    assert_inside(chart)
    assert len(chart.columns) < 20
    assert len(chart.rows) < 8


@given(st.lists(st.integers(0, 10**9), max_size=30))
def test_durations_stay_in_their_frame(counts):
    chart = durations_chart([Bar(2.0**n, 2.0 ** (n + 1), each) for n, each in enumerate(counts)])

    assert_inside(chart)
    assert len(chart.bars) == sum(each > 0 for each in counts)


def test_labels_of_many_resumes_do_not_lie_on_each_other():
    bins = [Bin(n, n + 1, 1, 0) for n in range(100)]
    labelled = [mark.at for mark in throughput_chart(bins, list(range(100))).moments if mark.label]

    assert 1 < len(labelled) < 20


def test_seconds_are_spelled_as_short_as_an_axis_needs():
    assert [spelled(value) for value in (1e-06, 0.02, 0.5, 2, 30.888, 200)] == [
        "0.001 ms",
        "20 ms",
        "0.5 s",
        "2 s",
        "30.9 s",
        "3 min 20 s",
    ]
