from __future__ import annotations

import pytest

from framework.domain.tolerance import Tolerance


def test_minus_one_tolerates_any_number():
    assert not Tolerance.of(-1).is_exceeded(10**9, 10**9, 10**9)
    assert Tolerance.of(-1).certain(100) is None


@pytest.mark.parametrize(("failed", "is_exceeded"), [(3, False), (4, True)])
def test_a_number_is_exceeded_by_one_more_at_any_time(failed, is_exceeded):
    tolerance = Tolerance.of(3)
    assert tolerance.is_exceeded(failed, failed, None) is is_exceeded
    assert tolerance.certain(None) == 3


def test_a_share_is_judged_once_a_hundred_files_were_seen_or_it_is_certain():
    tolerance = Tolerance.of("5%")
    assert not tolerance.is_exceeded(99, 99, None)
    assert not tolerance.is_exceeded(49, 99, 1000)
    assert tolerance.is_exceeded(51, 99, 1000)
    assert tolerance.is_exceeded(6, 100, None)
    assert not tolerance.is_exceeded(5, 100, None)
    assert tolerance.is_exceeded(1, 1, 10)
    assert not tolerance.is_exceeded(1, 20, 20)


@pytest.mark.parametrize("percent", ["0%", "3%", "4.35%", "29%", "0.1%", "33.3%", "100%"])
@pytest.mark.parametrize("files", [1, 7, 90, 100, 101, 1000, 10_000])
def test_above_what_is_certain_it_is_exceeded_however_little_was_seen(percent, files):
    tolerance = Tolerance.of(percent)
    certain = tolerance.certain(files)
    assert tolerance.is_exceeded(certain + 1, certain + 1, files)
    assert not tolerance.is_exceeded(certain, files, files)


def test_a_share_of_all_files_is_certain_once_they_are_known():
    assert Tolerance.of("5%").certain(None) is None
    assert Tolerance.of("5%").certain(219) == 10
    assert Tolerance.of("0%").certain(5) == 0
    assert Tolerance.of("4.35%").certain(10_000) == 435


@pytest.mark.parametrize("wrong", [-2, "5", "x%", "101%", "-1%", "nan%", "", "%"])
def test_anything_else_is_none(wrong):
    with pytest.raises(ValueError, match=r".*"):
        Tolerance.of(wrong)
