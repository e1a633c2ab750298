"""Scripts that hang, crash, exit or raise on some files harm no others."""

from __future__ import annotations

from collections import Counter

import pytest

SCRIPT = """
    import ctypes, os, signal, subprocess, sys, time
    from notes import note_files

    def init():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def misbehave(how):
        if how == "hangs":
            while True:
                try:
                    time.sleep(1000)
                except BaseException:
                    pass
        if how == "hangs-in-c":
            ctypes.PyDLL(None).sleep(1000)  # holds the GIL
        if how == "exits":
            os._exit(1)
        if how == "exits-well":
            os._exit(0)
        if how == "raises":
            raise ValueError("no digit\\nin sight: \\u00e9")
        if how == "segfaults":
            ctypes.string_at(0)
        if how == "kills-itself":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "kills-its-group":
            os.killpg(0, signal.SIGKILL)
        if how == "sys-exits":
            sys.exit(3)
        if how == "interrupts-itself":
            raise KeyboardInterrupt
        if how == "out-of-memory":
            raise MemoryError
        if how == "closes-the-channel":
            os.closerange(3, 256)

    def run(mini_batch):
        note_files(mini_batch)
        names = [os.path.basename(file) for file in mini_batch]
        for name in names:
            misbehave(name.partition("_")[2].partition(".")[0])
        return names
"""

KINDS = {
    "hangs": ("timeout", "0.4 s (retry_settings.timeout)", ""),
    "hangs-in-c": ("timeout", "0.4 s (retry_settings.timeout)", ""),
    "exits": ("crash", "exited with code 1", ""),
    "exits-well": ("crash", "exited with code 0", ""),
    "raises": ("exception", "ValueError: no digit in sight: é", "in misbehave"),
    "segfaults": ("crash", "SIGSEGV", ""),
    "kills-itself": ("crash", "SIGKILL", ""),
    "kills-its-group": ("crash", "SIGKILL", ""),
    "sys-exits": ("exception", "SystemExit: 3", "in run"),
    "interrupts-itself": ("exception", "KeyboardInterrupt", "in run"),
    "out-of-memory": ("memory", "MemoryError", "in run"),
    "closes-the-channel": ("crash", "the scorer process ended", ""),
}


@pytest.mark.parametrize("processes", [1, 2])
def test_each_bad_file_fails_after_its_tries_and_all_others_are_scored_once(bench, processes):
    good = [f"f{place:02d}.txt" for place in range(30)]
    bad = {f"f{2 * place:02d}_{how}.txt": how for place, how in enumerate(KINDS)}
    bench.files(*good, *bad)
    bench.script(SCRIPT)

    ended = bench.invoke(
        f"max_concurrency_per_instance={processes}",
        "retry_settings.max_retries=2",
        "retry_settings.timeout=0.4",
    ).check()

    assert ended.lines == ["file,prediction", *(f"{name},{name}" for name in sorted(good))]
    assert ended.counts == {
        "files": len(good) + len(bad),
        "succeeded": len(good),
        "failed": len(bad),
        "rows": len(good),
        "tries": len(good) + 2 * len(bad),
    }
    assert Counter(bench.noted) == {**dict.fromkeys(good, 1), **dict.fromkeys(bad, 2)}
    assert [error["file"] for error in ended.errors] == sorted(bad)
    for error in ended.errors:
        kind, words, trace = KINDS[bad[error["file"]]]
        assert (error["kind"], error["stage"], error["tries"]) == (kind, "score", 2)
        assert words in error["message"]
        assert trace in error["traceback"]
        assert bool(error["traceback"]) == bool(trace)
        assert "framework/scoring" not in error["traceback"]
        assert error["process_log"] in bench.logs()
    assert not bench.scratch


def test_failed_inputs_given_back_scores_just_those(bench):
    bench.files("a.txt", "b_raises.txt", "sub/c #1 é_raises.txt", "z_raises.txt")
    bench.script(SCRIPT)
    failed = bench.call("retry_settings.max_retries=1").check().record / "failed_inputs.txt"
    bench.log.unlink()
    bench.script(SCRIPT.replace('how == "raises"', 'how == "never"'))

    again = bench.call(f"input=@{failed}", name="again").check()

    names = ["b_raises.txt", "c #1 é_raises.txt", "z_raises.txt"]
    assert sorted(bench.noted) == names
    assert again.counts["succeeded"] == again.counts["files"] == 3
    assert [line.partition(",")[2] for line in again.lines[1:]] == names


def test_a_mini_batch_that_fails_once_is_scored_at_its_next_try(bench):
    bench.files(6)
    bench.script(
        """
        import os
        from notes import note_files
        def run(mini_batch):
            name = os.path.basename(mini_batch[0])
            flag = os.environ["BENCH_LOG"] + name
            if not os.path.exists(flag):
                open(flag, "w").close()
                if name < "f00003":
                    os._exit(9)
                raise RuntimeError("not yet")
            note_files(mini_batch)
            return [name]
        """
    )

    ended = bench.call("retry_settings.max_retries=2").check()

    assert ended.counts == {"files": 6, "succeeded": 6, "failed": 0, "rows": 6, "tries": 12}
    assert len(ended.lines) == 7
    assert sorted(bench.noted) == sorted(set(bench.noted))


def test_a_file_that_kills_its_process_costs_the_fast_ones_behind_it_nothing(bench):
    """Fast mini-batches are sent several at a time; only the one that was at work is to blame."""
    bench.files(300)
    bench.script(
        """
        import os
        from notes import note_files
        def run(mini_batch):
            note_files(mini_batch)
            if mini_batch[0][-6:] in ("50.txt", "99.txt"):
                os._exit(1)
            return [os.path.basename(mini_batch[0])]
        """
    )

    ended = bench.call("retry_settings.max_retries=1").check()

    assert ended.counts["failed"] == 6
    # Each of those is blamed only after it was the first of a fresh process.
    assert ended.counts["tries"] == len(bench.noted) == 306
    assert Counter(Counter(bench.noted).values()) == {1: 294, 2: 6}
    assert len(ended.lines) == 295


def test_everything_bad_ends_as_failed_and_without_output(bench):
    bench.files("a_raises.txt", "b_exits.txt")
    bench.script(SCRIPT)

    ended = bench.invoke("retry_settings.max_retries=1").check(1)

    assert ended.status == "Failed"
    assert "no item succeeded" in ended.summary["error"]
    assert not ended.output.exists()
    assert [error["kind"] for error in ended.errors] == ["exception", "crash"]
