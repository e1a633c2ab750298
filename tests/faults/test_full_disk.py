"""The disk is full, for a while: a limit on the size of files stands for it."""

from __future__ import annotations

import resource
from functools import partial

import pytest

SCRIPT = """
    import os, resource, time
    from notes import note_files
    def run(mini_batch):
        time.sleep(0.02)
        note_files(mini_batch)
        return [{"file": os.path.basename(file), "text": "x" * 20_000} for file in mini_batch]
"""


@pytest.mark.parametrize("most", [4_000, 300_000])
def test_a_job_that_can_write_no_more_ends_as_failed_and_goes_on_when_there_is_room(bench, most):
    bench.files(40)
    bench.script(SCRIPT)
    full = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    ended = bench.invoke(preexec_fn=full)

    assert ended.code == 1, ended.err
    assert "error: " in ended.err
    assert "Traceback" not in ended.err
    assert "bug" not in ended.err
    assert not list((bench.workspace / "outputs").rglob("predictions.csv"))
    kept = set(bench.ledgered())
    noted = len(bench.noted)

    resumed = bench.resume().check()

    assert resumed.counts["succeeded"] == resumed.counts["rows"] == 40
    assert resumed.counts["failed"] == 0
    assert len(bench.noted) - noted == 40 - len(kept)
    assert list(resumed.output.parent.iterdir()) == [resumed.output]
