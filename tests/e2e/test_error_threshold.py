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


def test_all_files_of_a_failed_mini_batch_count_and_so_do_missing_results(bench):
    bench.files("a", "b_bad", "c", "d")
    bench.script(SCRIPT)
    ended = bench.call("error_threshold=1", "mini_batch_size=2", "retry_settings.max_retries=1")
    ended.check(1)
    assert re.search(r"\b2\b.*error_threshold tolerates 1", ended.err)

    bench.script("def run(mini_batch):\n    return list(mini_batch)[:-2]")
    ended = bench.call("error_threshold=1", "mini_batch_size=4", name="short").check(1)
    assert ended.counts["failed"] == 2
    assert ended.errors[0]["kind"] == "short_result"
