"""Many processes that create, update and delete deployments of one endpoint at once.

Eight seconds unless EDITING_SECONDS says otherwise.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from framework.config.yaml_files import read_yaml
from framework.storage.durable import is_temporary

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SECONDS = float(os.environ.get("EDITING_SECONDS", "8"))
ENDPOINT = "shared-endpoint"
WRITERS, COMMANDS, READERS = 16, 3, 1


class Done(NamedTuple):
    """One request of one process; the times are of one clock."""

    process: int
    began: int
    ended: int
    verb: str
    name: str
    value: int
    result: str


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    from editing_at_once import LONG

    files = {
        "conf/config.yaml": "# The workspace.\nworkspace: ../.framework\n",
        f"conf/endpoint/{ENDPOINT}.yaml": f"# A comment.\nname: {ENDPOINT}\n",
        f"conf/deployment/{ENDPOINT}/staying.yaml": (
            f"# Stays.\nname: staying\ndescription: '{LONG}'\n"
        ),
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))


def ended(process: subprocess.Popen[str]) -> int:
    process.communicate()
    return process.returncode


def started(folder: Path, role: str, number: int, seconds: float) -> subprocess.Popen[str]:
    environment = {key: value for key, value in os.environ.items() if key != "FRAMEWORK_CONF"}
    words = [role, str(number), str(seconds), f"{number}.log"]
    return subprocess.Popen(
        [sys.executable, HERE / "editing_at_once.py", *words],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def go(processes: list[subprocess.Popen[str]]) -> None:
    """Lets all begin when the last one is ready."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def noted(folder: Path) -> Iterator[Done]:
    for path in folder.glob("*.log"):
        for line in path.read_text().splitlines():
            yield Done(*json.loads(line))


def file_of(folder: Path, done: Done) -> Path:
    place = "endpoint" if done.verb == "endpoint" else f"deployment/{ENDPOINT}"
    return folder / "conf" / place / f"{done.name}.yaml"


def value_in(path: Path, process: int) -> int:
    """The number that a process has set last, as the file has it."""
    tags: Any = read_yaml(path).get("tags", {}) if path.exists() else {}
    return int(tags.get(f"w{process}", 0))


def is_lost(folder: Path, done: Done, others: list[Done]) -> bool:
    """Whether an acknowledged update is neither there nor superseded."""
    kept = value_in(file_of(folder, done), done.process)
    if kept >= done.value:
        return False
    deleted = [each for each in others if each.verb == "delete" and each.result == "done"]
    return not any(each.name == done.name and each.ended >= done.began for each in deleted)


@pytest.mark.slow
@pytest.mark.timeout(60 + 4 * SECONDS)
def test_no_update_is_lost_and_no_file_torn_when_twenty_processes_edit_at_once(
    folder: Path,
) -> None:
    roles = ["write"] * WRITERS + ["command"] * COMMANDS + ["read"] * READERS
    processes = [started(folder, role, each, SECONDS) for each, role in enumerate(roles)]
    go(processes)
    assert [ended(process) for process in processes] == [0] * len(roles)

    done = list(noted(folder))
    results = Counter(each.result for each in done)
    assert set(results) <= {"done", "not found"}, results
    updates = [
        each for each in done if each.result == "done" and each.verb not in {"read", "delete"}
    ]
    assert {each.process for each in updates} == set(range(WRITERS + COMMANDS))
    assert [each for each in updates if is_lost(folder, each, done)] == []
    staying = folder / "conf" / "deployment" / ENDPOINT / "staying.yaml"
    for number in range(WRITERS + COMMANDS):
        mine = [each for each in updates if each.process == number and each.name == "staying"]
        assert value_in(staying, number) == max((each.value for each in mine), default=0)
    assert staying.read_text().startswith("# Stays.\nname: staying\n")
    assert not [path for path in (folder / "conf").rglob("*") if is_temporary(path.name)]
    print(f"{SECONDS:.0f} s: {Counter((each.verb, each.result) for each in done)}")


@pytest.mark.timeout(120)
def test_a_writer_killed_at_any_moment_leaves_whole_files_and_no_lock(folder: Path) -> None:
    chance = random.Random(7)
    for number in range(5):
        victims = [started(folder, "write", 2 * number + each, 60) for each in range(2)]
        go(victims)
        log = folder / f"{2 * number}.log"
        while not log.exists() or log.read_text().count("\n") < chance.randint(1, 12):
            assert victims[0].poll() is None
        for victim in victims:
            victim.send_signal(signal.SIGKILL)
            ended(victim)
        for path in (folder / "conf").rglob("*.yaml"):
            assert read_yaml(path)
    last = started(folder, "write", 99, 0.5)
    go([last])
    assert ended(last) == 0
    done = list(noted(folder))
    assert {each.result for each in done} <= {"done", "not found"}
    updates = [each for each in done if each.result == "done" and each.name == "staying"]
    assert [each for each in updates if is_lost(folder, each, done)] == []
    assert any(each.process == 99 and each.result == "done" for each in done)
