"""Ctrl-C: the first stops cleanly and says how to go on, the second stops at once."""

from __future__ import annotations

import signal
from collections import Counter

import pytest

FILES = 40
SCRIPT = """
    import os, time
    from notes import note, note_files
    def run(mini_batch):
        time.sleep(0.05)
        note_files(mini_batch)
        return [os.path.basename(file) for file in mini_batch]
    def shutdown():
        note("shutdown")
"""
HANGING = """
    import ctypes
    from notes import note
    def run(mini_batch):
        note("started")
        ctypes.PyDLL(None).sleep(1000)
"""


def _begun(bench, noted=10):
    bench.files(FILES)
    bench.script(SCRIPT)
    running = bench.start("max_concurrency_per_instance=2")
    assert running.wait_until(lambda: len(bench.noted) >= noted)
    return running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_one_keeps_what_is_done_and_says_how_to_resume(bench, number):
    running = _begun(bench)
    running.signal(number)
    stopped = running.end().check(130)

    assert stopped.status == bench.show()["status"] == "Canceled"
    assert "press Ctrl-C again to stop at once" in stopped.err
    assert f"job resume job --workspace {bench.workspace}" in stopped.err
    assert "Traceback" not in stopped.err
    assert not stopped.output.exists()
    assert bench.noted.count("shutdown") == 2
    scored = Counter(bench.noted)
    ledgered = {f"f{index:05d}.txt" for index in bench.ledgered()}
    assert set(scored) - {"shutdown"} == ledgered  # nothing that was scored is lost
    assert stopped.counts["succeeded"] == len(ledgered) >= 10
    assert not bench.scratch

    resumed = bench.resume().check()

    assert resumed.lines[1:] == [f"f{n:05d}.txt,f{n:05d}.txt" for n in range(FILES)]
    assert all(Counter(bench.noted)[file] == 1 for file in ledgered)
    assert list(resumed.output.parent.iterdir()) == [resumed.output]


def test_the_second_one_ends_it_at_once_and_a_resumed_job_completes(bench):
    running = _begun(bench)
    running.signal(signal.SIGINT)
    assert running.wait_until_said("press Ctrl-C again")
    running.signal(signal.SIGINT)
    running.end().check(130)
    assert not bench.survivors()

    resumed = bench.resume().check()

    assert resumed.counts["rows"] == FILES


def test_a_hanging_script_holds_up_neither_the_first_one_nor_its_end(bench):
    bench.files(3)
    bench.script(HANGING)
    running = bench.start("retry_settings.timeout=1000")
    assert running.wait_until(lambda: "started" in bench.noted)

    running.signal(signal.SIGINT)
    stopped = running.end().check(130)

    assert stopped.status == "Canceled"
    assert stopped.counts["failed"] == 0  # it is not the file's fault
    assert not bench.survivors()


@pytest.mark.parametrize("words", ["job job", "Finalizing"])
def test_in_any_phase_it_ends_as_canceled_or_completed_and_can_be_resumed(bench, words):
    bench.files(5)
    bench.script(SCRIPT)
    running = bench.start()
    running.wait_until_said(words)
    running.signal(signal.SIGINT)
    stopped = running.end()

    assert (stopped.code, stopped.status) in {(130, "Canceled"), (0, "Completed")}
    assert "Traceback" not in stopped.err
    resumed = bench.resume().check()
    assert len(resumed.lines) == 6


def test_while_a_model_is_being_loaded_it_ends_soon(bench):
    bench.files(3)
    bench.script(
        """
        import time
        from notes import note
        def init():
            note("started")
            time.sleep(1000)
        def run(mini_batch):
            return [1]
        """
    )
    running = bench.start()
    assert running.wait_until(lambda: "started" in bench.noted)

    running.signal(signal.SIGINT)
    stopped = running.end().check(130)

    assert stopped.status == "Canceled"
    assert not bench.survivors()
