"""A scorer that can't be loaded, on workers that are processes of their own."""

from __future__ import annotations

import pytest

from tests.servers.cluster import cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SCRIPT = """
    import os, time
    from notes import note_files
    def init():
        if os.environ["DEVICE"] == "none":
            raise RuntimeError("there is no device here")
    def run(mini_batch):
        time.sleep(0.05)
        note_files(mini_batch)
        return [os.path.basename(file) for file in mini_batch]
"""


def test_one_worker_that_can_not_load_it_is_left_out_and_where_none_can_the_job_ends(bench):
    bench.files(30)
    bench.script(SCRIPT)
    env = {"BENCH_LOG": str(bench.log)}
    with cluster(1, visible=[bench.root], env={**env, "DEVICE": "none"}) as ours:
        none = bench.invoke(*ours.overrides, name="none").check(1)
        assert "RuntimeError: there is no device here" in none.err
        assert "Traceback (most recent call last)" in none.err
        assert 'score.py", line' in none.err
        assert none.counts["tries"] == 0

        ours.add_worker(DEVICE="one")
        some = bench.invoke(*ours.overrides, "resources.instance_count=2", name="some").check()
        assert some.counts["succeeded"] == len(bench.noted) == 30
        assert " is left out: the scorer could not be loaded: " in some.err
        assert "there is no device here" in some.err
        assert not ours.survivors()
