"""`error_threshold`: more failed files than that end the job as Failed, and nothing is lost."""

from __future__ import annotations

import re

import pytest

SCRIPT = """
    import os, time
    from notes import note_files
    def run(mini_batch):
        time.sleep(0.02)
        note_files(mini_batch)
        if "bad" in "".join(mini_batch):
            raise ValueError("bad")
        return [os.path.basename(file) for file in mini_batch]
"""


@pytest.mark.parametrize(("threshold", "bad"), [(0, 1), (2, 3)])
def test_one_failed_file_more_than_that_ends_the_job_and_it_can_be_resumed(bench, threshold, bad):
    good = [f"f{place:03d}" for place in range(100)]
    bench.files(*good, *(f"f0{place}_bad" for place in range(bad)))
    bench.script(SCRIPT)

    ended = bench.call(f"error_threshold={threshold}", "retry_settings.max_retries=1").check(1)

    assert ended.status == "Failed"
    assert re.search(rf"\b{bad}\b.*error_threshold tolerates {threshold}", ended.err)
    assert not ended.output.exists()
    assert len(ended.errors) == bad
    assert bench.noted.count("f099") == 0  # it ended soon
    kept = len(bench.ledgered())
    scored = len(bench.noted)
    assert kept >= bad

    resumed = bench.resume("error_threshold=-1").check()

    assert [line.partition(",")[2] for line in resumed.lines[1:]] == good
    assert resumed.counts["failed"] == bad
    assert len(bench.noted) == scored + 100 + bad - kept


@pytest.mark.parametrize("threshold", [2, -1])
def test_so_many_failed_files_are_tolerated(bench, threshold):
    bench.files("a", "b_bad", "c_bad", "d")
    bench.script(SCRIPT)

    ended = bench.call(f"error_threshold={threshold}", "retry_settings.max_retries=1").check()

    assert ended.lines[1:] == ["a,a", "d,d"]
    assert ended.counts["failed"] == 2


def test_without_isolation_all_files_of_a_mini_batch_count_and_so_do_missing_results(bench):
    bench.files("a", "b_bad", "c", "d")
    bench.script(SCRIPT)
    ended = bench.call(
        "error_threshold=1",
        "mini_batch_size=2",
        "retry_settings.max_retries=1",
        "retry_settings.isolate_failures=false",
    ).check(1)
    assert re.search(r"\b2\b.*error_threshold tolerates 1", ended.err)

    bench.script("def run(mini_batch):\n    return list(mini_batch)[:-2]")
    ended = bench.call("error_threshold=1", "mini_batch_size=4", name="short").check(1)
    assert ended.counts["failed"] == 2
    assert ended.errors[0]["kind"] == "short_result"


def test_a_share_is_judged_at_the_end_of_a_small_job(bench):
    bench.files("a", "b_bad", "c", "d")
    bench.script(SCRIPT)
    bench.call("error_threshold=25%", "retry_settings.max_retries=1").check()
    ended = bench.call("error_threshold=24%", "retry_settings.max_retries=1", name="less").check(1)
    assert "failed files: 1, and error_threshold tolerates 24%" in ended.err


@pytest.mark.parametrize("isolates", ["true", "false"])
def test_a_share_that_cannot_hold_any_more_ends_a_small_job_at_once(bench, isolates):
    bench.files(*(f"f{place:04d}{'_bad' if place % 20 == 7 else ''}" for place in range(100)))
    bench.script(SCRIPT)
    isolation = f"retry_settings.isolate_failures={isolates}"
    words = ("error_threshold=3%", "mini_batch_size=10", "retry_settings.max_retries=1", isolation)
    ended = bench.call(*words).check(1)
    assert re.search(r"failed files: \d+, and error_threshold tolerates 3%", ended.err)
    resumed = bench.resume("error_threshold=-1").check()
    assert resumed.counts["failed"] == (5 if isolates == "true" else 50)


def test_a_share_is_judged_early_in_a_large_job(bench):
    bench.files(*(f"f{place:04d}{'_bad' if place % 5 == 0 else ''}" for place in range(1000)))
    bench.script(SCRIPT)
    ended = bench.call("error_threshold=5%", "retry_settings.max_retries=1").check(1)
    assert len(bench.ledgered()) < 900
    assert ended.counts["failed"] > 5


def test_isolation_stops_at_the_first_file_too_many_and_a_resume_isolates_the_rest(bench):
    names = [f"f{place:03d}{'_bad' if place in (3, 60) else ''}" for place in range(64)]
    bench.files(*names)
    bench.script(SCRIPT)
    few = ("mini_batch_size=64", "retry_settings.max_retries=1")
    ended = bench.call("error_threshold=0", *few).check(1)

    assert re.search(r"failed files: \d, and error_threshold tolerates 0", ended.err)
    assert {error["file"] for error in ended.errors} <= {"f003_bad", "f060_bad"}
    assert ended.errors
    assert not bench.ledgered()  # nothing is blamed on files that were not looked at

    resumed = bench.resume("error_threshold=2").check()
    assert [line.partition(",")[0] for line in resumed.lines[1:]] == [
        name for name in names if "bad" not in name
    ]
    assert [error["file"] for error in resumed.errors] == ["f003_bad", "f060_bad"]
    assert resumed.counts["succeeded"] == 62
