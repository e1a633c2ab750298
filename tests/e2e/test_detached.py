"""Jobs in a process of their own: they outlive the terminal, and say beforehand what is wrong."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

FILES = 12
SCRIPT = """
    import os, time
    from notes import note, note_files
    def run(mini_batch):
        note_files(mini_batch)
        while not os.path.exists(os.environ["GATE"]):
            time.sleep(0.02)
        return [os.path.basename(file) for file in mini_batch]
"""


@pytest.fixture
def gated(bench, monkeypatch):
    """A bench whose script waits for a gate to be opened."""
    monkeypatch.setenv("GATE", str(bench.root / "gate"))
    bench.files(FILES)
    bench.script(SCRIPT)
    bench.open_gate = (bench.root / "gate").touch
    return bench


def words(bench, *overrides: str) -> list[str]:
    named = ["--name", "job", "-o", "json", "--detach"]
    return [sys.executable, "-m", "framework", "invoke", *named, *bench.overrides(*overrides)]


def stream(bench):
    return bench.run("job", "stream", "job", "--workspace", str(bench.workspace), "-o", "json")


def driver(bench) -> psutil.Process:
    claims = sorted((bench.record() / "epochs").glob("*.json"))
    return psutil.Process(json.loads(claims[-1].read_text())["pid"])


def on_a_terminal(command: str, bench) -> tuple[subprocess.Popen[bytes], int]:
    """A shell on a terminal that it controls, and the terminal."""
    terminal, other_end = pty.openpty()
    own_it = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    run_it = "os.execvp('sh', ['sh', '-c', sys.argv[1]])"
    shell = subprocess.Popen(
        [sys.executable, "-c", own_it + run_it, command],
        cwd=bench.root,
        env=bench.environment(),
        stdin=other_end,
        stdout=other_end,
        stderr=other_end,
        start_new_session=True,
    )
    os.close(other_end)
    return shell, terminal


def test_it_outlives_its_terminal_and_all_that_ran_there(gated):
    bench, out = gated, gated.root / "out"
    command = f"{shlex.join(words(bench))} > {shlex.quote(str(out))}; read forever"
    shell, terminal = on_a_terminal(command, bench)
    said = b""
    while b"to follow it" not in said:
        said += os.read(terminal, 4096)
    os.close(terminal)  # the kernel sends SIGHUP to all that it controls
    with contextlib.suppress(ProcessLookupError):
        os.killpg(shell.pid, signal.SIGKILL)
    shell.wait()
    ours = driver(bench)
    assert ours.terminal() is None
    assert os.getsid(ours.pid) == ours.pid
    ours.send_signal(signal.SIGHUP)

    gated.open_gate()
    ended = stream(bench).end().check(0)

    assert ended.status == "Completed"
    assert len(ended.lines) == FILES + 1
    assert bench.noted == [f"f{n:05d}.txt" for n in range(FILES)]


def test_its_name_can_be_captured_while_it_runs(gated):
    bench = gated
    taken = subprocess.run(  # waits until nobody holds its pipes any more
        words(bench), cwd=bench.root, env=bench.environment(), capture_output=True, timeout=60
    )
    assert taken.returncode == 0, taken.stderr
    told = json.loads(taken.stdout)
    assert told["name"] == "job"
    assert told["status"] in {"Preparing", "Running"}
    for verb in ("stream", "cancel"):
        assert f"framework job {verb} job --workspace {bench.workspace}" in taken.stderr.decode()

    again = bench.invoke("--detach").check(0)
    assert again.status == "Running"
    assert "is driven by another process already" in again.err
    gated.open_gate()
    stream(bench).end().check(0)
    assert bench.invoke("--detach").check(0).status == "Completed"


def test_secrets_in_overrides_reach_it_by_no_argument_and_no_file(gated):
    bench = gated
    bench.script(
        """
        import os
        from notes import note
        def run(mini_batch):
            note(os.environ["WHERE"])
            while not os.path.exists(os.environ["GATE"]):
                pass
            return mini_batch
        """
    )
    url = "https://account.blob.core.windows.net/c/?sv=2024&sig=PRIVATE"
    started = bench.start(f"+environment_variables.WHERE={url}", "--detach").end().check(0)
    shown = [" ".join(process.cmdline()) for process in bench.processes()]
    assert shown
    assert "PRIVATE" not in " ".join(shown)
    gated.open_gate()
    ended = stream(bench).end().check(0)
    assert set(bench.noted) == {url}
    assert "PRIVATE" not in started.out + started.err + ended.out + ended.err
    for path in bench.workspace.rglob("*"):
        assert not path.is_file() or b"PRIVATE" not in path.read_bytes()


def test_a_resumed_job_can_be_detached_too(gated):
    bench = gated
    bench.start("--detach").end().check(0)
    driver(bench).kill()
    gated.open_gate()
    taken = bench.resume("--detach").check(0)
    assert taken.status in {"Preparing", "Running"}
    assert stream(bench).end().check(0).counts["rows"] == FILES


@pytest.mark.parametrize(
    ("overrides", "code", "hint"),
    [
        (["++code_configuration.scoring_script=scor.py"], 2, "scor.py"),
        (["mini_batch_size=none at all"], 2, "mini_batch_size"),
        (["endpoint=nowhere"], 4, "nowhere"),
        (["output.path=there"], 3, "predictions.csv"),
        (["--dry-run"], 2, "--dry-run"),
    ],
)
def test_what_is_wrong_is_said_before_with_the_same_exit_codes(bench, overrides, code, hint):
    bench.files(1)
    bench.script(SCRIPT)
    (bench.root / "there").mkdir()
    (bench.root / "there" / "predictions.csv").touch()
    ended = bench.invoke("--detach", *overrides).check(code)
    assert ended.out == ""
    assert ended.err.count("\n") == 1
    assert hint in ended.err
    assert not bench.record().exists()


def test_its_own_death_before_it_has_the_job_is_seen(bench):
    bench.files(1)
    bench.script(SCRIPT)
    (bench.root / "conf").mkdir()
    (bench.root / "conf" / "config.yaml").write_text("plugins: [deadly]\n")
    (bench.root / "deadly.py").write_text(
        "import os, sys\nif sys.argv[0].endswith('detached.py'):\n    os.kill(os.getpid(), 9)\n"
    )
    path = f"{Path(__file__).parents[2]}:{bench.root}"
    ended = bench.start("--detach", env={"PYTHONPATH": path}).end().check(1)
    said = "error: job job: its process was killed by signal 9 before it drove the job"
    assert ended.err.splitlines()[-1] == said


def test_ctrl_c_before_it_has_the_job_ends_it_too(bench):
    bench.files(1)
    bench.script(SCRIPT)
    (bench.root / "conf").mkdir()
    (bench.root / "conf" / "config.yaml").write_text("plugins: [slow]\n")
    (bench.root / "slow.py").write_text(
        "import sys, time\nfrom notes import note\n"
        "if sys.argv[0].endswith('detached.py'):\n    note('waiting')\n    time.sleep(1000)\n"
    )
    path = f"{Path(__file__).parents[2]}:{bench.root}:{bench.code}"
    running = bench.start("--detach", env={"PYTHONPATH": path})
    assert running.wait_until(lambda: bench.noted == ["waiting"])
    running.signal(signal.SIGINT)
    ended = running.end().check(130)
    assert ended.err.count("interrupted") == 1
    assert not bench.survivors()


def test_a_signal_to_its_process_cancels_it(gated):
    bench = gated
    (bench.root / "conf").mkdir()
    (bench.root / "conf" / "config.yaml").write_text("plugins: [gone]\n")
    started = bench.start("--detach").end().check(0)
    assert started.err.count("warning:") == 1  # two processes have composed the settings
    driver(bench).terminate()
    assert stream(bench).end().check(130).status == "Canceled"
