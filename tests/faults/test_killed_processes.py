"""Something outside kills or stops what belongs to a job: it is replaced, and no result is lost."""

from __future__ import annotations

import os
import signal
from collections import Counter

import pytest

FILES = 40
SCRIPT = """
    import os, time
    from notes import note_files
    def run(mini_batch):
        time.sleep(0.03)
        note_files(mini_batch)
        return [os.path.basename(file) for file in mini_batch]
"""


def _named(bench, part):
    return [p for p in bench.processes() if part in " ".join(p.cmdline())]


@pytest.mark.parametrize("part", ["child/__main__.py", "supervisor.py"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_what_is_killed_or_stopped_from_outside_is_replaced(bench, part, number):
    bench.files(FILES)
    bench.script(SCRIPT)
    running = bench.start("max_concurrency_per_instance=2", "retry_settings.timeout=1.5")
    assert running.wait_until(lambda: len(bench.noted) >= 5)
    victim = min(_named(bench, part), key=lambda process: process.pid)

    os.kill(victim.pid, number)
    ended = running.end().check()

    assert ended.lines[1:] == [f"f{n:05d}.txt,f{n:05d}.txt" for n in range(FILES)]
    assert ended.counts["tries"] - FILES in {0, 1}
    assert sum((Counter(bench.noted) - Counter(set(bench.noted))).values()) <= 1
    assert not bench.survivors()


def test_a_workspace_that_is_deleted_under_it_ends_the_job_with_one_line(bench):
    bench.files(200)
    bench.script(SCRIPT)
    running = bench.start(f"output.path={bench.root}/out")
    assert running.wait_until(lambda: len(bench.noted) >= 5)

    bench.workspace.rename(bench.root / "elsewhere")
    ended = running.end()

    assert ended.code in {1, 4}
    assert "Traceback" not in ended.err
    assert "bug" not in ended.err
    assert not (bench.root / "out" / "predictions.csv").exists()
    assert len(bench.noted) < 200
