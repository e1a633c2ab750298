"""Exactly the bad files of a mini-batch fail, whatever they do, and the others keep their rows."""

from __future__ import annotations

import io
import signal

import pyarrow.parquet as pq
import pytest

SCRIPT = """
    import ctypes, os, time
    from notes import note

    def misbehave(how):
        if how == "exception":
            raise ValueError("no digit in sight")
        if how == "hang":
            time.sleep(1000)
        if how == "segfault":
            ctypes.string_at(0)
        if how == "memory":
            held = bytearray(250 << 20)
            time.sleep(1000)
            return held

    def run(mini_batch):
        names = [os.path.basename(file) for file in mini_batch]
        note(len(names), *(name for name in names if "bad" in name))
        for name in names:
            if "bad" in name:
                misbehave(os.environ["HOW"])
        return [{"name": name} for name in names]
"""
FILES = 100
PLACES = {1: [41], 3: [0, 41, 99], 10: [0, 1, 7, 23, 41, 42, 50, 77, 98, 99], 100: range(FILES)}
TRIES = 2
KINDS = {"exception": "exception", "hang": "timeout", "segfault": "crash", "memory": "memory"}
# The calls for a mini-batch of 100 are those of docs/decisions/0021-*.md: 2 tries for all of it,
# then what isolating takes.
MOST_CALLS = {1: 2 + 14, 3: 2 + 66, 10: 2 + 106, 100: 2 + 106}


@pytest.mark.parametrize("bad", PLACES)
@pytest.mark.parametrize("how", KINDS)
def test_exactly_the_bad_files_of_a_mini_batch_fail(bench, how, bad, record_property):
    names = [f"f{at:02d}{'_bad' if at in PLACES[bad] else ''}.txt" for at in range(FILES)]
    names += [f"g{at:02d}.txt" for at in range(FILES)]
    bench.files(*names)
    bench.script(SCRIPT)

    ended = bench.invoke(
        f"mini_batch_size={FILES}",
        f"max_concurrency_per_instance={4 if bad == FILES else 2}",
        f"retry_settings.max_retries={TRIES}",
        f"retry_settings.timeout={1 if how == 'hang' else 60}",
        "resources.memory_limit=150MiB",
        f"+environment_variables.HOW={how}",
    ).check()

    good = [name for name in names if "bad" not in name]
    failed = [name for name in names if "bad" in name]
    assert ended.lines == ["name", *good]
    assert [error["file"] for error in ended.errors] == failed
    assert {error["kind"] for error in ended.errors} == {KINDS[how]}
    inputs = (ended.record / "failed_inputs.txt").read_text().splitlines()
    assert inputs == [str(bench.data / name) for name in failed]
    calls = len(bench.noted)
    assert ended.counts == {
        "files": 2 * FILES,
        "succeeded": len(good),
        "failed": bad,
        "rows": len(good),
        "tries": calls,
    }
    hanging = sum("\t" in line for line in bench.noted)
    print(f"{how}, {bad} of {FILES} bad: {calls - 1} calls, {hanging} of them failed")
    record_property("calls", calls - 1)
    if how == "hang":
        assert hanging == TRIES + bad
    else:
        assert calls - 1 <= MOST_CALLS[bad] + bad * (how in {"segfault", "memory"})


GOOD = """
    import os
    from notes import note
    def run(mini_batch):
        note(len(mini_batch))
        if os.environ.get("STRICT") and any("bad" in file for file in mini_batch):
            raise ValueError("no good")
        return [
            {"name": os.path.basename(file), **({"x": 1} if "x" in file else {})}
            for file in mini_batch
            if "bad" not in file
        ]
"""


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_the_bytes_are_those_of_a_job_without_bad_files(benches, suffix):
    names = [f"{place:03d}{'x' if place % 9 == 4 else ''}" for place in range(60)]
    outputs = []
    for name, bad in (("with", ["000_bad", "017_bad", "040_bad"]), ("without", [])):
        bench = benches(name)
        bench.files(*names, *bad)
        bench.script(GOOD)
        ended = bench.invoke(
            "mini_batch_size=25",
            f"output_file_name=out.{suffix}",
            "+environment_variables.STRICT=1",
        ).check()
        assert ended.counts["failed"] == len(bad)
        outputs.append(ended.data)
    if suffix == "parquet":  # row groups may differ; the table may not
        tables = [pq.read_table(io.BytesIO(data)) for data in outputs]
        assert tables[0].equals(tables[1])
    else:
        assert outputs[0] == outputs[1]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_job_that_ends_in_the_middle_of_isolation_is_resumed_to_the_same_end(bench, number):
    slow = SCRIPT.replace("for name in names:", "time.sleep(0.1)\n        for name in names:", 1)
    names = [f"f{at:02d}{'_bad' if at in (20, 33) else ''}.txt" for at in range(40)]
    bench.files(*names)
    bench.script(slow)
    running = bench.start(
        "mini_batch_size=40",
        "retry_settings.max_retries=1",
        "+environment_variables.HOW=exception",
    )
    assert running.wait_until(lambda: len(bench.noted) > 5)
    running.signal(number)
    running.end()
    assert not bench.ledgered()  # its mini-batch was not begun, as far as anyone knows
    ended = bench.resume().check()
    assert ended.lines == ["name", *(name for name in names if "bad" not in name)]
    assert [error["file"] for error in ended.errors] == [names[20], names[33]]


def test_what_was_learnt_of_memory_is_said_and_outlives_the_driver(bench):
    bench.files(40)
    bench.script("""
        import os, time
        from notes import note
        def run(mini_batch):
            note(len(mini_batch))
            time.sleep(float(os.environ["SLEEP"]))
            if len(mini_batch) > 5:
                raise MemoryError
            return [1 for _ in mini_batch]
    """)
    running = bench.start("mini_batch_size=10", "+environment_variables.SLEEP=0.3")
    said = "mini-batches are scored in calls of at most 5 files from here on: 10 ran out of memory"
    assert running.wait_until_said(said)
    running.kill()
    calls = len(bench.noted)
    ended = bench.resume("environment_variables.SLEEP=0").check()
    assert set(bench.noted[calls:]) == {"5"}
    assert ended.counts["succeeded"] == 40


def test_the_failed_inputs_of_a_job_are_scored_by_another_one(bench):
    bench.files(8)
    bench.files("g1_bad.txt", "g2_bad.txt")
    bench.script(GOOD)
    strict = bench.invoke("mini_batch_size=4", "+environment_variables.STRICT=1").check()
    assert strict.counts["failed"] == 2
    assert "2 files: ValueError: no good" in strict.err
    again = "retry_errors=job"
    assert f"{again} workspace={bench.workspace}" in strict.err

    bench.script("def run(mini_batch):\n    return list(mini_batch)")
    words = ("invoke", "--name", "again", "-o", "json", again, f"workspace={bench.workspace}")
    ended = bench.run(*words, name="again").end().check()
    assert [line.partition(",")[0] for line in ended.lines[1:]] == ["g1_bad.txt", "g2_bad.txt"]

    nothing = bench.run(*words[:-2], "retry_errors=again", words[-1]).end().check(2)
    assert "job again has no failed inputs" in nothing.err
    absent = bench.run(*words[:-2], "retry_errors=jobb", words[-1]).end().check(4)
    assert "did you mean job" in absent.err
