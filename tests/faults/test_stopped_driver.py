"""A driver that is stopped (Ctrl-Z, a laptop's lid) and wakes up, with and without a successor."""

from __future__ import annotations

import json
import signal
import subprocess

import pytest

from framework.engine.lease import LEASE_S

SCRIPT = """
    import os, time
    from notes import note_files
    def run(mini_batch):
        time.sleep(0.05)
        note_files(mini_batch)
        return [os.path.basename(file) for file in mini_batch]
"""
FILES = 40
LONG_AGO = "2020-01-01T00:00:00.000Z"


def _stopped(bench, noted):
    bench.files(FILES)
    bench.script(SCRIPT)
    running = bench.start()
    assert running.wait_until(lambda: len(bench.noted) >= noted)
    running.signal(signal.SIGSTOP)
    return running


def _look_silent(bench):
    """As if nothing had been heard of the driver for long: saves the test the waiting."""
    path = bench.record() / "summaries" / "000001.json"
    summary = json.loads(path.read_text())
    path.write_text(json.dumps({**summary, "updated_at": LONG_AGO}))


def _check_complete(bench, ended):
    assert ended.lines[1:] == [f"f{n:05d}.txt,f{n:05d}.txt" for n in range(FILES)]
    assert ended.counts["rows"] == FILES
    assert list(ended.output.parent.iterdir()) == [ended.output]


@pytest.mark.slow
def test_a_stopped_driver_is_taken_over_once_it_is_silent_and_does_no_harm_when_it_wakes(bench):
    stale = _stopped(bench, 10)
    refused = bench.resume().check(2)
    assert "job job is Running" in refused.err
    _look_silent(bench)
    successor = bench.start_resume()
    assert successor.wait_until(lambda: (bench.record() / "epochs" / "000002.json").exists())

    stale.signal(signal.SIGCONT)
    ended = successor.end().check()
    late = stale.end()

    _check_complete(bench, ended)
    assert "internal error" not in late.err
    assert "Traceback" not in late.err
    assert bench.show()["status"] == "Completed"
    assert bench.show()["counts"] == ended.counts
    assert ended.output.read_bytes() == ended.data


@pytest.mark.parametrize("phase", ["Preparing", "Running"])
def test_a_driver_that_wakes_after_its_successor_has_completed_changes_nothing(bench, phase):
    bench.files(FILES)
    bench.script(SCRIPT.replace("0.05", "0"))
    stale = bench.start()
    stale.wait_until_said(phase)
    stale.signal(signal.SIGSTOP)
    _look_silent(bench)
    ended = bench.resume().check()
    _check_complete(bench, ended)
    before = (ended.data, ended.output.stat().st_ino, bench.show())

    stale.signal(signal.SIGCONT)
    late = stale.end()

    assert (ended.data, ended.output.stat().st_ino, bench.show()) == before
    assert "Traceback" not in late.err
    assert list(ended.output.parent.iterdir()) == [ended.output]
    assert bench.resume().check().status == "Completed"


@pytest.mark.slow
def test_a_driver_that_is_stopped_for_longer_than_its_lease_goes_on(bench):
    running = _stopped(bench, 10)
    with pytest.raises(subprocess.TimeoutExpired):  # it can't end: this is only the waiting
        running.process.wait(LEASE_S + 1)
    running.signal(signal.SIGCONT)

    _check_complete(bench, running.end().check())
