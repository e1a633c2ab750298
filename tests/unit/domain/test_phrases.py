from __future__ import annotations

import pytest

from framework.domain import phrases
from framework.domain.outcomes import Counts


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0.0 s"),
        (-1, "0.0 s"),
        (0.44, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3599.9, "1 h 0 min"),
        (7500, "2 h 5 min"),
        (273_600, "3 d 4 h"),
    ],
)
def test_durations_are_as_exact_as_people_need(seconds: float, expected: str) -> None:
    assert phrases.duration(seconds) == expected


@pytest.mark.parametrize(
    ("rate", "expected"), [(1234.5, "1,234/s"), (410, "410/s"), (2.54, "2.5/s"), (0.2, "12/min")]
)
def test_rates_are_per_minute_where_a_second_is_too_short(rate: float, expected: str) -> None:
    assert phrases.rate(rate) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (5 << 40, "5.0 TiB")],
)
def test_sizes_are_in_binary_units(count: int, expected: str) -> None:
    assert phrases.size(count) == expected


def test_how_far_a_job_is_has_a_percentage_once_the_total_is_known() -> None:
    counts = Counts(files=5000, succeeded=1197, failed=3)
    assert phrases.of_files(counts, 5000) == "1,200/5,000 files (24 %)"
    assert phrases.of_files(counts, None) == "1,200 files"
    assert phrases.of_files(Counts(), 0) == "0/0 files (100 %)"
    assert phrases.files(1) == "1 file"


def test_a_job_is_not_called_done_before_its_last_file() -> None:
    assert phrases.of_files(Counts(succeeded=99_999), 100_000).endswith("(99 %)")
