"""Several terminals on one job: one follows it, another stops it, a third goes on with it."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

FILES = 30
SCRIPT = """
    import os, time
    from notes import note_files
    gate = os.environ["BENCH_LOG"] + ".gate"
    def run(mini_batch):
        print("at", os.path.basename(mini_batch[0]))
        while os.path.basename(mini_batch[0]) > "f00010" and not os.path.exists(gate):
            time.sleep(0.02)
        note_files(mini_batch)
        return [os.path.basename(file) for file in mini_batch]
"""
WAITING = """
    import os, time
    from notes import note
    def run(mini_batch):
        note("started")
        while not os.path.exists(os.environ["BENCH_LOG"] + ".gate"):
            time.sleep(0.02)
        return [1]
"""


def job(bench, verb: str, *words: str, form: str = "json"):
    form = ["-o", form] if form else []
    return bench.run("job", verb, "job", "--workspace", str(bench.workspace), *form, *words)


def driver(bench) -> int:
    claims = sorted((bench.record() / "epochs").glob("*.json"))
    return json.loads(claims[-1].read_text())["pid"]


def open_gate(bench) -> None:
    Path(f"{bench.log}.gate").touch()


def test_a_job_is_followed_canceled_resumed_and_completed_from_different_ones(bench):
    bench.files(FILES)
    bench.script(SCRIPT)
    bench.invoke("--detach").check(0)
    follower = job(bench, "stream")
    assert follower.wait_until(lambda: len(bench.noted) >= 10)

    canceled = job(bench, "cancel").end().check(0)

    assert canceled.status == "Canceled"
    assert "job resume job --workspace" in canceled.err
    followed = follower.end().check(130)
    assert followed.status == "Canceled"
    assert "[0-0] at f00000.txt" in followed.err
    assert "Canceled: " in followed.err
    ledgered = {f"f{index:05d}.txt" for index in bench.ledgered()}
    assert 10 <= len(ledgered) < FILES
    assert set(bench.noted) == ledgered  # nothing that was scored is lost

    open_gate(bench)
    bench.resume("--detach").check(0)
    ended = job(bench, "stream").end().check(0)

    assert ended.status == "Completed"
    assert ended.lines[1:] == [f"f{n:05d}.txt,f{n:05d}.txt" for n in range(FILES)]
    assert set(Counter(bench.noted).values()) == {1}


def test_a_script_that_can_not_be_interrupted_is_killed(bench):
    bench.files(3)
    bench.script(
        """
        import ctypes, signal
        from notes import note
        def run(mini_batch):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            note("started")
            ctypes.PyDLL(None).sleep(1000)
        """
    )
    running = bench.start("retry_settings.timeout=1000")  # not detached: that makes no difference
    assert running.wait_until(lambda: "started" in bench.noted)
    asked = job(bench, "cancel", "--no-wait").end().check(0)
    assert asked.status in {"CancelRequested", "Canceled"}
    canceled = job(bench, "cancel").end().check(0)
    assert canceled.counts["failed"] == 0  # it is not the file's fault
    assert running.end().check(130).status == "Canceled"
    assert not bench.survivors()
    again = job(bench, "cancel").end().check(0)
    assert "was Canceled already" in again.err


def test_of_a_cancel_and_the_end_one_wins_and_the_other_says_so(bench):
    bench.files(4)
    bench.script("def run(mini_batch):\n    return [1] * len(mini_batch)\n")
    bench.invoke("--detach").check(0)
    canceled = job(bench, "cancel").end()
    ended = job(bench, "stream").end()
    assert (canceled.code, ended.code) in {(0, 130), (2, 0)}
    assert ended.output.exists() == (ended.status == "Completed")
    if canceled.code:
        assert canceled.err == "error: job job can't be canceled, it is Completed\n"
        assert canceled.out == ""
    bench.resume().check(0)
    late = job(bench, "cancel").end().check(2)
    assert late.err == "error: job job can't be canceled, it is Completed\n"
    assert bench.show()["status"] == "Completed"


def test_a_driver_that_dies_is_noticed_by_who_follows_it(bench):
    bench.files(3)
    bench.script(WAITING)
    bench.invoke("--detach").check(0)
    follower = job(bench, "stream")
    assert follower.wait_until(lambda: "started" in bench.noted and "Running" in follower.err)

    os.kill(driver(bench), signal.SIGKILL)

    ended = follower.end().check(1)
    assert ended.status == "Failed"
    assert "its driver died" in ended.summary["error"]
    assert "error: its driver died" in ended.err
    assert f"job resume job --workspace {bench.workspace}" in ended.err
    late = job(bench, "cancel").end().check(2)
    assert "it is Failed: its driver died" in late.err
    open_gate(bench)
    bench.resume().check(0)  # the late request was not for this driver


def test_ctrl_c_ends_only_the_following(bench):
    bench.files(3)
    bench.script(WAITING)
    bench.invoke("--detach").check(0)
    follower = job(bench, "stream")
    assert follower.wait_until_said("Running")
    follower.signal(signal.SIGINT)
    ended = follower.end().check(130)
    assert ended.out == ""
    assert "no longer followed: job job goes on, it is Running" in ended.err
    assert "job cancel job --workspace" in ended.err
    open_gate(bench)
    assert job(bench, "stream").end().check(0).status == "Completed"


def test_logs_can_hold_anything_and_a_terminal_is_not_disturbed(bench):
    bench.files(2)
    bench.script(
        """
        import os
        def run(mini_batch):
            for _ in range(200):
                os.write(1, b"endless" * 10_000)
            os.write(1, b"\\n")
            os.write(1, b"\\x1b]0;owned\\x07\\x1b[2J \\xff\\xfe\\x00\\x9b\\n")
            os.write(1, b"\\r 50%\\r100%\\nlast\\n")
            os.write(1, "\\u202ebackwards".encode())
            return [1]
        """
    )
    ended = bench.invoke().check(0)
    followed = job(bench, "stream").end().check(0)
    printed = job(bench, "logs", form="").end().check(0)
    assert followed.summary == ended.summary
    for text in (followed.err, printed.out):
        assert not set(text) - {"\n"} & {"\x1b", "\x07", "\x00", "\x9b", "\r", "\u202e"}
        lines = text.splitlines()
        assert "[0-0] \\x1b]0;owned\\x07\\x1b[2J \\xff\\xfe\\x00\\x9b" in lines
        assert {"[0-0] 100%", "[0-0] last"} <= set(lines)
        assert "[0-0] \\u202ebackwards" in lines
    assert len(followed.err) < 30_000
    assert " KiB more" in followed.err


def test_the_logs_are_listed_chosen_cut_and_followed(bench):
    bench.files(3)
    bench.script("def run(mini_batch):\n    print(mini_batch[0][-5])\n    return [1]\n")
    bench.invoke().check(0)
    listed = json.loads(job(bench, "logs", "--list").end().check(0).out)
    assert [each["process"] for each in listed] == ["driver", "0-0"]
    assert Path(listed[1]["path"]).read_text() == "0\n1\n2\n"
    for process in ("0-0", "0", "instance-0-0.log"):
        assert job(bench, "logs", "--process", process, form="").end().out == "0\n1\n2\n"
    cut = job(bench, "logs", "--tail", "1", "--follow", form="").end().check(0)
    assert cut.out.splitlines()[1] == "[0-0] 2"
    assert "status Completed" in cut.out.splitlines()[0]
    assert "'0-0'" in job(bench, "logs", "--process", "9", form="").end().check(4).err


@pytest.mark.parametrize("verb", ["stream", "logs", "cancel"])
def test_a_job_that_is_not_there_is_exit_code_4(bench, verb):
    ended = bench.run("job", verb, "nope", "--workspace", str(bench.workspace)).end().check(4)
    assert ended.out == ""
    assert ended.err.startswith("error: job nope: ")
