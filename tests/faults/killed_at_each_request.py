"""Runs jobs on S3 that are killed before their n-th request that changes it. Not a test itself.

    python killed_at_each_request.py FOLDER URL N... -- OVERRIDE...

Each job runs in a fork of this process, so that everything is imported once. Where S3 is, and who
asks, stands in the environment. Prints one JSON line for each job.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from pathlib import Path

from killed_at_each_step import fork

from framework.storage import open_store
from framework.storage.objects.s3 import S3Objects
from framework.storage.tree import Selection

READING = ("get_object", "head_object", "head_bucket", "list_")
HIDDEN = Selection(hidden=True)


def arm(kill_at: int, told: Path) -> None:
    """Makes this process kill itself before its changing request number `kill_at`."""
    log = told.open("w", buffering=1)
    numbers = itertools.count(1)
    original = S3Objects._once

    def step(self, method, key, arguments):
        if not method.startswith(READING):
            number = next(numbers)
            print(number, method, key, file=log)
            if number == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return original(self, method, key, arguments)

    S3Objects._once = step


def contents(url: str) -> str:
    """All files below a folder, as JSON. Reading starts threads: only a fork may do it."""
    store = open_store(url)
    files = [file.path for file in store.walk("", HIDDEN) if not file.path.endswith(".probe")]
    return json.dumps({path: store.read(path).decode("latin-1") for path in files})


def looked(folder: Path, url: str) -> dict[str, str]:
    """What a fork sees below a folder."""
    seen = folder / "seen.json"
    pid = os.fork()
    if pid == 0:
        seen.write_text(contents(url))
        os._exit(0)
    os.waitpid(pid, 0)
    return json.loads(seen.read_text())


def job(folder: Path, url: str, kill_at: int, overrides: list[str]) -> dict[str, object]:
    """One job: killed, looked at, resumed, looked at."""
    workspace, output = f"{url}/workspace-{kill_at}", f"{url}/output-{kill_at}"
    said = folder / f"said-{kill_at}.txt"
    places = [f"workspace={workspace}", f"output.path={output}"]
    invoke = ["invoke", "--name", "job", *overrides, *places]
    killed = fork(invoke, said, lambda: arm(kill_at, said.with_suffix(".steps")))
    before = looked(folder, output)
    resumed = fork(["job", "resume", "job", "--workspace", workspace], said)
    if resumed == 4:  # killed before it was a job
        resumed = fork(invoke, said)
    return {
        "killed": killed,
        "before": before,
        "resumed": resumed,
        "after": looked(folder, output),
        "staging": looked(folder, f"{workspace}/jobs/job/staging"),
        "said": said.read_text(),
        "steps": said.with_suffix(".steps").read_text().splitlines(),
    }


if __name__ == "__main__":
    place = sys.argv.index("--")
    for number in sys.argv[3:place]:
        found = job(Path(sys.argv[1]), sys.argv[2], int(number), sys.argv[place + 1 :])
        print(json.dumps(found), flush=True)
