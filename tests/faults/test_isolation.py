"""Exactly the bad files of a mini-batch fail, whatever they do, and the others keep their rows."""

from __future__ import annotations

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
            held = bytearray(400 << 20)
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
        "max_concurrency_per_instance=2",
        f"retry_settings.max_retries={TRIES}",
        f"retry_settings.timeout={1 if how == 'hang' else 60}",
        "resources.memory_limit=300MiB",
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
