from __future__ import annotations

from collections.abc import Callable

from framework.storage.pacing import Pace


def drive(pace: Pace, seconds_at: Callable[[int], float], answers: int = 20_000) -> int:
    """Answers come as a store gives them, with as many requests in flight as may be."""
    for _ in range(answers):
        pace.observe(seconds_at(pace.limit), pace.limit)
    return pace.limit


def test_a_long_way_takes_many_requests() -> None:
    assert drive(Pace(256), lambda limit: 0.03) == 256


def test_what_only_queues_is_not_asked_for() -> None:
    # 30 ms, and a store that takes 1,000 requests a second: 30 in flight are enough.
    pace = Pace(256)
    for _ in range(50):
        assert 10 <= drive(pace, lambda limit: max(0.03, limit / 1_000), answers=1_000) <= 100


def test_who_needs_no_more_does_not_grow() -> None:
    pace = Pace(256)
    first = pace.limit
    for _ in range(10_000):
        pace.observe(0.03, 3)
    assert pace.limit == first


def test_a_few_slow_answers_slow_nothing_down() -> None:
    turns = iter(range(100_000))
    assert drive(Pace(256), lambda limit: 2.0 if next(turns) % 10 == 0 else 0.03) == 256


def test_a_store_that_asks_for_less_gets_less_but_never_nothing() -> None:
    pace = Pace(256)
    drive(pace, lambda limit: 0.03)
    pace.slow_down()
    assert 64 <= pace.limit <= 128
    for _ in range(50):
        pace.slow_down()
    assert pace.limit == 4


def test_a_store_that_has_become_slower_is_not_held_against_its_past() -> None:
    pace = Pace(256)
    drive(pace, lambda limit: 0.005)
    assert drive(pace, lambda limit: 0.2, answers=100_000) == 256


def test_one_at_once_stays_one() -> None:
    assert drive(Pace(1), lambda limit: 0.03) == 1
