"""Runs jobs that are killed before their n-th durable step, and resumes them. Not a test itself.

    python killed_at_each_step.py FOLDER (count | N...) -- OVERRIDE...

A durable step is a call that changes what stands on the disk. Each job runs in a fork of this
process, so that everything is imported once. Prints one JSON line for each job.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import distributed  # noqa: F401  imported once, for all forks
import pandas as pd  # noqa: F401

import framework.engine.local
import framework.jobs.resuming  # noqa: F401
from framework.cli import main

STEPS = ("fsync", "link", "replace", "rename", "unlink", "mkdir", "rmdir")


def arm(kill_at: int, told: Path) -> None:
    """Makes this process kill itself before its step number `kill_at`."""
    lock = threading.Lock()
    log = told.open("w", buffering=1)
    done = 0

    def armed(name, original):
        def step(*arguments, **named):
            nonlocal done
            with lock:
                done += 1
                print(done, name, *arguments, file=log)
                if done == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments, **named)

        return step

    for name in STEPS:
        setattr(os, name, armed(name, getattr(os, name)))


def fork(arguments: list[str], said: Path, arming: Callable[[], None] | None = None) -> int:
    """Runs a command in a fork; returns its exit code, or minus its signal."""
    pid = os.fork()
    if pid == 0:
        code = 99
        with contextlib.suppress(BaseException):
            file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(file, 1)
            os.dup2(file, 2)
            if arming is not None:
                arming()
            code = main(arguments)
            sys.stdout.flush()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def contents(folder: Path) -> dict[str, str]:
    """All files below a folder; not what a write that was cut short may leave, hidden."""
    cut_short = (".tmp", ".probe")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    files = [path for path in files if path.suffix not in cut_short]
    return {str(path.relative_to(folder)): path.read_bytes().decode("latin-1") for path in files}


def job(folder: Path, kill_at: int, overrides: list[str]) -> dict[str, object]:
    """One job: killed, looked at, resumed, looked at."""
    workspace, output = folder / f"workspace-{kill_at}", folder / f"output-{kill_at}"
    said = folder / f"said-{kill_at}.txt"
    invoke = [
        "invoke",
        "--name",
        "job",
        *overrides,
        f"workspace={workspace}",
        f"output.path={output}",
    ]
    killed = fork(invoke, said, lambda: arm(kill_at, said.with_suffix(".steps")))
    before = contents(output)
    resumed = fork(["job", "resume", "job", "--workspace", str(workspace)], said)
    if resumed == 4:  # killed before it was a job
        resumed = fork(invoke, said)
    return {
        "kill_at": kill_at,
        "killed": killed,
        "before": before,
        "resumed": resumed,
        "after": contents(output),
        "manifest": json.loads(
            (workspace / "jobs" / "job" / "manifest.json").read_text(errors="replace")
        ),
        "staging": contents(workspace / "jobs" / "job" / "staging"),
        "said": said.read_text(),
        "steps": said.with_suffix(".steps").read_text().splitlines(),
    }


if __name__ == "__main__":
    place = sys.argv.index("--")
    for number in sys.argv[2:place]:
        found = job(Path(sys.argv[1]), int(number), sys.argv[place + 1 :])
        print(json.dumps(found), flush=True)
