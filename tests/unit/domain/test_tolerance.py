from __future__ import annotations

import pytest

from framework.domain.tolerance import Tolerance


def test_minus_one_tolerates_any_number():
    assert not Tolerance.of(-1).is_exceeded(10**9, 10**9, is_all=True)
    assert Tolerance.of(-1).certain(100) is None


@pytest.mark.parametrize(("failed", "is_exceeded"), [(3, False), (4, True)])
def test_a_number_is_exceeded_by_one_more_at_any_time(failed, is_exceeded):
    tolerance = Tolerance.of(3)
    assert tolerance.is_exceeded(failed, failed, is_all=False) is is_exceeded
    assert tolerance.certain(None) == 3


def test_a_share_is_judged_once_a_hundred_files_were_seen_or_all():
    tolerance = Tolerance.of("5%")
    assert not tolerance.is_exceeded(99, 99, is_all=False)
    assert tolerance.is_exceeded(6, 100, is_all=False)
    assert not tolerance.is_exceeded(5, 100, is_all=False)
    assert tolerance.is_exceeded(1, 10, is_all=True)
    assert not tolerance.is_exceeded(1, 20, is_all=True)


def test_a_share_of_all_files_is_certain_once_they_are_known():
    assert Tolerance.of("5%").certain(None) is None
    assert Tolerance.of("5%").certain(219) == 10
    assert Tolerance.of("0%").certain(5) == 0


@pytest.mark.parametrize("wrong", [-2, "5", "x%", "101%", "-1%", "nan%", "", "%"])
def test_anything_else_is_none(wrong):
    with pytest.raises(ValueError, match=r".*"):
        Tolerance.of(wrong)
