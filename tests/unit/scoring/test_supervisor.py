"""The supervisor by itself, with any program for a scorer."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from framework.scoring import supervisor as module

PATIENCE_S = 30.0
FAMILY = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
pids = [os.getpid(), subprocess.Popen(["sleep", "1000"]).pid]
reader, writer = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(writer, str(os.getpid()).encode())
        time.sleep(1000)
    os._exit(0)
pids.append(int(os.read(reader, 20)))
print(*pids, flush=True)
time.sleep(1000)
"""


class Supervised:
    def __init__(self, tmp_path: Path, **order) -> None:
        self.log = tmp_path / "log"
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", module.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
            full = {
                "env": dict(os.environ),
                "cwd": str(tmp_path),
                "log": str(self.log),
                "channel": theirs.fileno(),
                **order,
            }
            self.process.stdin.write(json.dumps(full).encode() + b"\n")
            self.process.stdin.flush()

    def told(self) -> dict:
        return json.loads(self.process.stdout.readline())

    def pids(self, count: int) -> list[int]:
        waiting = threading.Event()
        for _ in range(int(PATIENCE_S * 100)):
            words = self.log.read_text().split() if self.log.exists() else []
            if len(words) >= count:
                return [int(word) for word in words]
            waiting.wait(0.01)
        raise AssertionError(f"only {words}")

    def close(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(PATIENCE_S)


@pytest.fixture
def supervise(tmp_path):
    started = []

    def start(*argv: str, **order) -> Supervised:
        started.append(Supervised(tmp_path, **{"argv": list(argv), **order}))
        return started[-1]

    yield start
    for each in started:
        each.close()


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_it_tells_the_pid_and_how_the_scorer_ended(supervise):
    supervised = supervise(sys.executable, "-c", "raise SystemExit(7)")

    assert set(supervised.told()) == {"pid"}
    assert supervised.told() == {"returncode": 7}
    assert supervised.process.wait(PATIENCE_S) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="a subreaper is Linux's")
def test_the_end_of_its_owner_ends_everything(supervise):
    supervised = supervise(sys.executable, "-c", FAMILY)
    pids = supervised.pids(3)
    assert all(map(is_alive, pids))
    supervised.process.stdin.close()
    supervised.process.wait(PATIENCE_S)

    assert not any(map(is_alive, pids))
    assert (supervised.told()["pid"], supervised.told()) == (
        pids[0],
        {"returncode": -signal.SIGKILL},
    )


@pytest.mark.skipif(sys.platform != "linux", reason="a subreaper is Linux's")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_it_ends_everything(supervise, number):
    supervised = supervise(sys.executable, "-c", FAMILY)
    pids = supervised.pids(3)
    supervised.process.send_signal(number)
    supervised.process.wait(PATIENCE_S)

    assert not any(map(is_alive, pids))


@pytest.mark.skipif(sys.platform != "linux", reason="a subreaper is Linux's")
def test_what_a_scorer_leaves_behind_ends_with_it(supervise):
    leaving = FAMILY.rsplit("time.sleep(1000)", 1)[0]
    supervised = supervise(sys.executable, "-c", leaving)
    pids = supervised.pids(3)
    supervised.process.wait(PATIENCE_S)

    assert not any(map(is_alive, pids))


def test_orphans_that_end_by_themselves_end_nothing_else(supervise):
    supervised = supervise(
        sys.executable,
        "-c",
        "import os, time\n"
        "for _ in range(20):\n"
        "    if os.fork() == 0:\n"
        "        if os.fork() == 0:\n"
        "            time.sleep(0.01)\n"
        "        os._exit(0)\n"
        "time.sleep(0.5)\n"
        "raise SystemExit(3)",
    )
    supervised.told()

    assert supervised.told() == {"returncode": 3}


@pytest.mark.parametrize(
    ("order", "named"),
    [
        ({"argv": ["/no/such/program"]}, "/no/such/program"),
        ({"cwd": "/no/such/folder"}, "/no/such/folder"),
        ({"log": "/no/such/folder/log"}, "/no/such/folder/log"),
    ],
)
def test_what_can_not_be_started_is_told_by_name(supervise, order, named):
    supervised = supervise("true", **order)

    assert supervised.told()["error"].startswith(f"{named}: ")
    assert supervised.process.wait(PATIENCE_S) == 0


def test_an_owner_that_goes_before_its_order_is_complete_gets_nothing(tmp_path):
    process = subprocess.run(
        [sys.executable, "-I", "-S", module.__file__],
        input=b'{"argv": ["touch", "made"]',
        capture_output=True,
        cwd=tmp_path,
        timeout=PATIENCE_S,
        check=False,
    )

    assert (process.returncode, process.stdout, process.stderr) == (0, b"", b"")
    assert not (tmp_path / "made").exists()


def test_the_log_gets_both_streams_and_only_grows(supervise):
    both = "import sys; print('out'); print('err', file=sys.stderr)"
    for _ in range(2):
        supervised = supervise(sys.executable, "-c", both)
        supervised.process.wait(PATIENCE_S)

    assert sorted(supervised.log.read_text().split()) == ["err", "err", "out", "out"]


def test_of_a_log_that_grows_too_long_the_first_and_the_last_lines_are_kept(supervise):
    source = "for n in range(200_000): print(n)"

    for _ in range(2):  # a process and its successor
        supervised = supervise(sys.executable, "-c", source, log_bytes=40_000)
        supervised.told()
        assert supervised.told() == {"returncode": 0}
        lines = supervised.log.read_text().splitlines()

        assert supervised.log.stat().st_size <= 40_000
        assert lines[:2000] == [str(n) for n in range(2000)]
        assert lines[-1000:] == [str(n) for n in range(199_000, 200_000)]

    printed = 2 * sum(len(str(n)) + 1 for n in range(200_000))
    told = [line for line in lines if line.startswith("[...")]
    left_out = int(re.search(r"\d+", told[0])[0])
    assert len(told) == 1
    assert left_out + supervised.log.stat().st_size - len(told[0]) - 2 == printed


def test_a_full_disk_is_no_error_of_what_prints(supervise, tmp_path):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    (tmp_path / "log").symlink_to(full)

    supervised = supervise(sys.executable, "-c", "print('x' * 100_000, flush=True)")

    supervised.told()
    assert supervised.told() == {"returncode": 0}
