"""`kill -9` of the driver: nothing of it survives, and a resumed job ends as if undisturbed."""

from __future__ import annotations

import random
from collections import Counter

import pytest

SLOW_S = 0.02
CHUNK_S = 1.0

SCRIPT = f"""
    import hashlib, os, time
    from notes import note_files
    def run(mini_batch):
        time.sleep({SLOW_S})
        note_files(mini_batch)
        return [hashlib.sha256(os.path.basename(file).encode()).hexdigest() for file in mini_batch]
"""

IMPORTS = """
        import os
        from notes import note
"""

LEAVES_BEHIND = {
    "a-process-stuck-in-c": """
        import ctypes
        def run(mini_batch):
            note("started")
            ctypes.PyDLL(None).sleep(1000)
    """,
    "a-double-fork-in-a-session-of-its-own": """
        import signal, time
        def run(mini_batch):
            if os.fork() == 0:
                os.setsid()
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
                if os.fork() == 0:
                    note("started")
                    os.execvp("sleep", ["sleep", "1000"])
                os._exit(0)
            time.sleep(1000)
    """,
    "children": """
        import multiprocessing, subprocess, time
        def run(mini_batch):
            subprocess.Popen(["sh", "-c", "sleep 1000 & sleep 1000"])
            subprocess.Popen(["sleep", "1000"], start_new_session=True, close_fds=False)
            multiprocessing.get_context("fork").Process(target=time.sleep, args=(1000,)).start()
            note("started")
            time.sleep(1000)
    """,
    "a-daemon-of-a-mini-batch-that-is-done": """
        import subprocess, time
        def run(mini_batch):
            if mini_batch[0].endswith("0.txt"):
                subprocess.run("(setsid sleep 1000 >&- 2>&- &)", shell=True, check=True)
                return [1]
            note("started")
            time.sleep(1000)
    """,
    "one-that-loads": """
        import time
        def init():
            note("started")
            time.sleep(1000)
        def run(mini_batch):
            return [1]
    """,
}


@pytest.mark.parametrize("source", LEAVES_BEHIND.values(), ids=LEAVES_BEHIND.keys())
def test_nothing_that_a_script_has_started_outlives_its_driver(bench, source):
    bench.files(2)
    bench.script(IMPORTS + source)
    running = bench.start()
    assert running.wait_until(lambda: "started" in bench.noted)
    assert len(bench.processes()) >= 3

    running.kill()

    assert not bench.survivors()
    assert not list((bench.workspace / "outputs").rglob("predictions.csv"))


@pytest.mark.slow
def test_killed_at_random_points_and_resumed_gives_the_bytes_of_an_undisturbed_run(benches):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    names = [f"f{place:05d}.txt" for place in range(160)]
    undisturbed = benches("undisturbed")
    undisturbed.files(*names)
    undisturbed.script(SCRIPT)
    expected = undisturbed.invoke("max_concurrency_per_instance=2").check().data
    bench = benches("killed")
    bench.files(*names)
    bench.script(SCRIPT)
    running = bench.start("resources.instance_count=2")

    in_flight = 2 * 2 * round(CHUNK_S / SLOW_S)  # two chunks on each of two instances
    kills = sorted(chance.sample(range(5, 150), 2))
    for kill_at in kills:
        running.wait_until(lambda at=kill_at: len(set(bench.noted)) >= at)
        running.kill()
        assert not bench.survivors()
        assert not list((bench.workspace / "outputs").rglob("predictions.csv"))
        ledgered = {names[index] for index in bench.ledgered()}
        noted_before = Counter(bench.noted)
        assert len(set(noted_before) - ledgered) <= in_flight
        running = bench.start_resume()

    ended = running.end().check()
    assert ended.data == expected
    assert ended.counts["succeeded"] == ended.counts["rows"] == len(names)
    again = Counter(bench.noted) - noted_before
    assert not set(again) & ledgered, f"scored again, killed at {kills}"
    assert set(again) | ledgered == set(names)
    assert max(Counter(bench.noted).values()) <= len(kills) + 1
    assert list(ended.output.parent.iterdir()) == [ended.output]


@pytest.mark.parametrize("phase", ["Preparing", "Running", "Finalizing"])
def test_killed_in_any_phase_and_resumed_it_completes(bench, phase):
    bench.files(20)
    bench.script(SCRIPT)
    running = bench.start()
    assert running.wait_until_said(phase)
    running.kill()
    assert not bench.survivors()
    ledgered = set(bench.ledgered())
    noted = len(bench.noted)

    assert bench.show()["status"] in {"Failed", "Completed"}
    ended = bench.resume().check()

    assert ended.status == bench.show()["status"] == "Completed"
    assert len(ended.lines) == 21
    assert len(bench.noted) - noted == 20 - len(ledgered)
    assert list(ended.output.parent.iterdir()) == [ended.output]


def test_a_torn_last_line_of_the_ledger_is_dropped(bench):
    bench.files(60)
    bench.script(SCRIPT)
    running = bench.start()
    assert running.wait_until(lambda: len(bench.noted) >= 20)
    running.kill()
    ledgered = set(bench.ledgered())
    noted = len(bench.noted)
    for log in ("ledger", "inputs"):
        with (bench.record() / log / "000001.jsonl").open("ab") as segment:
            segment.write(b'{"receipt":{"part":null,"outcomes":[[7,1,')

    ended = bench.resume().check()

    assert len(ended.lines) == 61
    assert len(bench.noted) - noted == 60 - len(ledgered)


def test_resuming_scores_the_files_that_were_listed_and_no_newer_ones(bench):
    bench.files(60)
    bench.script(SCRIPT)
    running = bench.start()
    assert running.wait_until(lambda: len(bench.noted) >= 10)
    running.kill()
    bench.files("a_newer.txt", "z_newer.txt")
    bench.script(SCRIPT.replace("sha256(", "md5("))  # the job has its own snapshot of the code

    ended = bench.resume().check()

    assert ended.counts["files"] == 60
    assert not {"a_newer.txt", "z_newer.txt"} & set(bench.noted)
    assert {len(line.partition(",")[2]) for line in ended.lines[1:]} == {64}
