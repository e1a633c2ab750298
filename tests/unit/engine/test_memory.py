from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from framework.engine.memory import MemoryWatch, oom_kills

HOLDING = "held = bytearray({size} << 20); print(flush=True); input()"
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"


@pytest.fixture
def holding():
    """Starts processes that hold so many MiB, in a child of theirs if asked to."""
    started = []

    def start(size, *, in_child=False):
        code = HOLDING.format(size=size)
        words = [PARENT, code] if in_child else [code]
        process = subprocess.Popen(
            [sys.executable, "-c", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        started.append(process)
        assert process.stdout.readline()
        return process

    yield start
    for process in started:
        process.stdin.close()
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("in_child", [False, True])
def test_a_process_over_the_limit_is_killed_with_what_its_children_hold(holding, in_child):
    watch = MemoryWatch(100 << 20)
    killed, spared = threading.Event(), threading.Event()
    large, small = holding(200, in_child=in_child), holding(10)
    watch.add(large.pid, killed.set)
    watch.add(small.pid, spared.set)
    assert killed.wait(60)
    watch.close()

    assert not spared.is_set()
    assert "more than resources.memory_limit (100 MiB)" in watch.verdict(large.pid, -9)
    assert watch.verdict(small.pid, -signal.SIGSEGV) == ""


def test_a_kill_is_for_memory_only_where_something_says_so():
    kills = iter([3, 3, 4])
    watch = MemoryWatch(None, count_kills=lambda: next(kills))
    watch.add(os.getpid(), lambda: None)

    assert watch.verdict(os.getpid(), -signal.SIGKILL) == ""
    assert "the kernel killed it" in watch.verdict(os.getpid(), -signal.SIGKILL)
    assert watch.verdict(1, -signal.SIGKILL) == ""
    assert watch.verdict(None, None) == ""
    watch.close()


def test_a_kill_close_to_the_limit_is_for_memory(holding):
    watch = MemoryWatch(1 << 40, count_kills=lambda: None)
    process = holding(10)
    watch.add(process.pid, lambda: None)
    (watched,) = watch._watched.values()
    watched.held_bytes = int(0.95 * (1 << 40))
    assert "of 1 TiB (resources.memory_limit)" in watch.verdict(process.pid, -signal.SIGKILL)
    watch.close()


@pytest.mark.parametrize(
    ("line", "counter"),
    [
        ("0::/a/b", "a/b/memory.events"),
        ("0::/a/b", "memory.events"),
        ("4:cpu,memory:/a", "memory/a/memory.oom_control"),
        ("4:memory:/a", "memory/memory.oom_control"),
    ],
)
def test_the_count_of_kills_is_read_of_both_versions_of_control_groups(tmp_path, line, counter):
    own = tmp_path / "cgroup"
    own.write_text(f"7:pids:/x\n{line}\n")
    path = tmp_path / "root" / counter
    path.parent.mkdir(parents=True)
    path.write_text("oom_kill_disable 0\noom 9\noom_kill 2\n")
    assert oom_kills(own, tmp_path / "root") == 2


def test_where_nobody_counts_nothing_is_known(tmp_path):
    assert oom_kills(tmp_path / "none", tmp_path) is None
