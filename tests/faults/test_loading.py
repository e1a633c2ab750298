"""Scripts that can't be loaded: the job ends soon, and shows the user's own words."""

from __future__ import annotations

import pytest

RUN = """
def run(mini_batch):
    from notes import note_files
    note_files(mini_batch)
    return list(mini_batch)
"""

BROKEN = {
    "init-raises": ("def init():\n    raise ValueError('no weights')", "ValueError: no weights"),
    "init-exits": ("import sys\ndef init():\n    sys.exit(5)", "SystemExit: 5"),
    "import-fails": ("import there_is_no_such_library", "No module named 'there_is_no_such"),
    "sibling-fails": ("import broken_sibling", "ZeroDivisionError: division by zero"),
    "import-raises": ("1 / 0", "ZeroDivisionError: division by zero"),
}


def _check_failed(bench, ended):
    ended.check(1)
    assert ended.status == "Failed"
    assert not ended.output.exists()
    assert not bench.noted
    assert ended.counts["succeeded"] == ended.counts["tries"] == 0
    assert not bench.scratch


@pytest.mark.parametrize(("source", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_what_raises_while_loading_is_shown_with_its_traceback(bench, source, words):
    bench.files(5)
    bench.script("1 / 0", "broken_sibling.py")
    bench.script(source + RUN)

    ended = bench.call("max_concurrency_per_instance=2")

    _check_failed(bench, ended)
    assert words in ended.err
    assert "Traceback (most recent call last)" in ended.err
    assert 'score.py", line' in ended.err
    assert "framework/scoring" not in ended.err
    assert words in ended.summary["error"]


@pytest.mark.parametrize(
    ("how", "timeout_s", "words"),
    [
        ("os._exit(7)", 100, "exited with code 7"),
        ("ctypes.string_at(0)", 100, "SIGSEGV"),
        ("time.sleep(1000)", 0.5, "0.5 s (retry_settings.init_timeout)"),
        ("ctypes.PyDLL(None).sleep(1000)", 0.5, "0.5 s (retry_settings.init_timeout)"),
        ("os.kill(os.getppid(), 9); time.sleep(1000)", 100, "supervisor was killed"),
    ],
)
def test_what_kills_or_hangs_its_process_while_loading_ends_the_job(bench, how, timeout_s, words):
    bench.files(3)
    bench.script(f"import ctypes, os, time\ndef init():\n    {how}\n" + RUN)

    ended = bench.call(f"retry_settings.init_timeout={timeout_s}")

    _check_failed(bench, ended)
    assert words in ended.err


def test_a_run_that_is_missing_only_once_it_is_imported_is_told(bench):
    bench.files(3)
    bench.script("from notes import note_files\ndef run(mini_batch): pass\ndel run\n")

    ended = bench.call()

    _check_failed(bench, ended)
    assert "the scoring script has no function run(mini_batch)" in ended.err


def test_a_process_that_fails_to_load_now_and_then_is_started_again(bench):
    bench.files(4)
    bench.script(
        """
        import os
        from notes import note_files
        def init():
            flag = os.environ["BENCH_LOG"] + ".flag"
            if not os.path.exists(flag):
                open(flag, "w").close()
                os._exit(1)
        """
        + RUN.replace("\n", "\n        ")
    )

    ended = bench.call().check()

    assert ended.counts["succeeded"] == 4


def test_a_failed_load_is_mended_by_resuming_with_another_environment(bench):
    bench.files(4)
    bench.script("import os\ndef init():\n    os.environ['WEIGHTS']\n" + RUN)
    ended = bench.call()
    _check_failed(bench, ended)
    assert "KeyError: 'WEIGHTS'" in ended.err

    resumed = bench.resume("+environment_variables.WEIGHTS=here").check()

    assert resumed.counts["succeeded"] == len(bench.noted) == 4


def test_shutdown_is_called_once_in_each_process_at_the_end(bench):
    bench.files(40)
    bench.script(
        """
        import os, time
        from notes import note
        def init():
            note("init", os.getpid())
        def run(mini_batch):
            time.sleep(0.01)
            note("run", os.getpid())
            return [1] * len(mini_batch)
        def shutdown():
            note("shutdown", os.getpid())
        """
    )

    bench.call("max_concurrency_per_instance=2").check()

    noted = [line.split("\t") for line in bench.noted]
    pids = {pid for what, pid in noted if what == "init"}
    assert len(pids) == 2
    assert sorted(pid for what, pid in noted if what == "shutdown") == sorted(pids)
    for pid in pids:
        mine = [what for what, its in noted if its == pid]
        assert (mine[0], mine[-1]) == ("init", "shutdown")
        assert set(mine[1:-1]) <= {"run"}


@pytest.mark.parametrize("how", ["raise ValueError('too late')", "time.sleep(1000)", "os._exit(1)"])
def test_a_shutdown_that_fails_or_hangs_does_not_harm_the_job(bench, how):
    bench.files(3)
    bench.script(f"import os, time\ndef shutdown():\n    {how}\n" + RUN)

    ended = bench.call().check()

    assert ended.counts["succeeded"] == 3


def test_an_instance_that_can_not_load_the_scorer_is_left_out(bench):
    bench.files(40)
    bench.script(
        """
        import os
        from notes import note_files
        def init():
            try:
                os.close(os.open(os.environ["BENCH_LOG"] + ".first", os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return
            raise RuntimeError("no device here")
        def run(mini_batch):
            note_files(mini_batch)
            return list(mini_batch)
        """
    )
    ended = bench.call("resources.instance_count=2").check()
    assert ended.counts["succeeded"] == len(bench.noted) == 40
    assert " is left out: the scorer could not be loaded: " in ended.err
    assert "no device here" in ended.err
