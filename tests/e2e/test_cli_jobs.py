"""The command line with real jobs, whose scorer is a small script without any library."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FRAMEWORK = [sys.executable, "-m", "framework"]
ENVIRONMENT = {
    **{key: value for key, value in os.environ.items() if key != "FRAMEWORK_CONF"},
    "PYTHONPATH": str(ROOT),
    "COLUMNS": "100",
}
KEYS = [
    "name",
    "status",
    "endpoint",
    "deployment",
    "model",
    "input",
    "output",
    "counts",
    "created_at",
    "started_at",
    "ended_at",
    "dashboard_url",
    "report",
    "error",
]
SCRIPT = """
import os, pathlib, time

def init():
    print("loaded")

def run(mini_batch):
    rows = []
    for path in mini_batch:
        text = pathlib.Path(path).read_text()
        if "bad" in text:
            raise ValueError("a bad [header] in " + os.path.basename(path))
        while "wait" in text and not os.path.exists("GATE"):
            time.sleep(0.05)
        rows.append({"length": len(text)})
    return rows
"""


class Shell:
    """A folder with a script and files to score, and a shell in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.gate = folder / "gate"
        self.started: list[subprocess.Popen[str]] = []
        (folder / "score.py").write_text(SCRIPT.replace("GATE", str(self.gate)))
        (folder / "input").mkdir()
        self.files(4)

    def files(self, count: int, text: str = "text") -> None:
        for number in range(count):
            (self.folder / "input" / f"{number:03}.txt").write_text(f"{text} {number}")

    def words(self, *words: str) -> list[str]:
        return [
            *FRAMEWORK,
            "invoke",
            "code_configuration.code=.",
            "+code_configuration.scoring_script=score.py",
            "input=input",
            "mini_batch_size=1",
            "retry_settings.max_retries=1",
            *words,
        ]

    def invoke(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run(self.words(*words))

    def job(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run([*FRAMEWORK, "job", *words])

    def run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=90
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Invokes without waiting for the end."""
        process = subprocess.Popen(
            self.words(*words),
            cwd=self.folder,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def start_running(self, *words: str) -> subprocess.Popen[str]:
        """Invokes, and waits until the job runs."""
        process = self.start(*words)
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if line == "Running\n":
                return process
        raise AssertionError(f"the job never ran: {''.join(said)}")

    def close(self) -> None:
        """Ends what a failed test has left."""
        for process in self.started:
            process.kill()
            process.communicate()


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    made = Shell(tmp_path)
    yield made
    made.close()


def summary(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_name_from_one_command_is_what_the_next_takes(shell: Shell) -> None:
    done = shell.invoke("--query", "name", "-o", "tsv")
    assert done.returncode == 0, done.stderr
    name = done.stdout.strip()
    assert shell.job("show", name, "--query", "status", "-o", "tsv").stdout == "Completed\n"
    assert shell.job("list", "--query", "[].name", "-o", "tsv").stdout == f"{name}\n"


def test_the_result_has_one_fixed_set_of_keys_and_progress_goes_to_stderr(shell: Shell) -> None:
    done = shell.invoke()
    told = summary(done)
    assert list(told) == KEYS
    assert told["status"] == "Completed"
    assert told["counts"] == {"files": 4, "succeeded": 4, "failed": 0, "rows": 4, "tries": 4}
    assert Path(told["output"]).read_text().splitlines()[0] == "length"
    assert told["dashboard_url"] is None  # nobody serves it any more
    assert "dashboard: http://127.0.0.1:" in done.stderr
    assert "Running" in done.stderr
    assert "Completed: 4 of 4 files ok, 4 rows in " in done.stderr
    assert f"output: {told['output']}" in done.stderr
    assert summary(shell.job("show", told["name"])) == told


def test_an_output_that_exists_is_exit_code_3_and_nothing_is_scored(shell: Shell) -> None:
    assert shell.invoke("output.path=out", "--no-progress").returncode == 0
    before = (shell.folder / "out" / "predictions.csv").read_bytes()
    done = shell.invoke("output.path=out")
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "out/predictions.csv" in done.stderr
    assert (shell.folder / "out" / "predictions.csv").read_bytes() == before
    assert shell.job("list", "--query", "length(@)").stdout == "1\n"


def test_bad_files_are_counted_with_their_reasons_and_the_job_completes(shell: Shell) -> None:
    (shell.folder / "input" / "001.txt").write_text("bad")
    done = shell.invoke()
    assert done.returncode == 0
    assert summary(done)["counts"]["failed"] == 1
    assert "  1 file: " in done.stderr
    assert "a bad [header] in 001.txt" in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("errors: ")]
    assert Path(line.removeprefix("errors: ")).is_file()


def test_a_failed_job_is_exit_code_1_with_its_keys_its_reason_and_how_to_resume(
    shell: Shell,
) -> None:
    shell.files(4, "bad")
    done = shell.invoke("error_threshold=0")
    assert done.returncode == 1
    told = summary(done)
    assert list(told) == KEYS
    assert told["status"] == "Failed"
    assert told["error"]
    assert "\nerror: " in done.stderr
    assert f"job resume {told['name']}" in done.stderr
    shown = shell.job("show", told["name"])
    assert shown.returncode == 0
    assert summary(shown)["status"] == "Failed"


def test_a_users_traceback_is_shown_whole_and_ours_never(shell: Shell) -> None:
    (shell.folder / "score.py").write_text(
        "def init():\n    raise RuntimeError('no weights')\ndef run(mini_batch):\n    return []\n"
    )
    done = shell.invoke()
    assert done.returncode in {1, 2}
    assert "    raise RuntimeError('no weights')\nRuntimeError: no weights\n" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert "framework/" not in done.stderr.replace(str(shell.folder), "")


@pytest.mark.parametrize(
    ("words", "script", "hint"),
    [
        (["input=nowhere"], SCRIPT, "nowhere"),
        (["model.path=gone.pt"], SCRIPT, "gone.pt"),
        (["code_configuration.scoring_script=scor.py"], SCRIPT, "scor.py"),
        (["scorer.name=tourch"], SCRIPT, "tourch"),
        (["output_file_name=x.xml"], SCRIPT, "x.xml"),
        ([], "def init():\n    pass\n", "run"),
    ],
)
def test_what_can_be_known_before_is_one_line_and_exit_code_2(
    words: list[str], script: str, hint: str, shell: Shell
) -> None:
    (shell.folder / "score.py").write_text(script)
    done = shell.invoke(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert hint in done.stderr
    assert not (shell.folder / ".framework" / "jobs").exists()


def test_a_dry_run_shows_the_plan_and_scores_nothing(shell: Shell) -> None:
    done = shell.invoke("--dry-run", "mini_batch_size=3")
    assert done.returncode == 0, done.stderr
    plan = summary(done)
    assert (plan["files"], plan["mini_batches"]) == (4, 2)
    assert (plan["smallest"], plan["largest"]) == (1, 3)
    assert plan["settings"]["mini_batch_size"] == 3
    assert plan["first_files"] == ["000.txt", "001.txt", "002.txt", "003.txt"]
    assert not (shell.folder / ".framework" / "jobs").exists()


def test_without_progress_nothing_is_said_of_a_good_job_but_notices(shell: Shell) -> None:
    done = shell.invoke("--no-progress", "--query", "counts.rows", "-o", "tsv")
    assert done.stdout == "4\n"
    assert "Running" not in done.stderr
    assert "Completed" not in done.stderr


def test_the_same_name_again_never_starts_a_second_job(shell: Shell) -> None:
    first = summary(shell.invoke("--name", "mine"))
    again = shell.invoke("--name", "mine")
    assert again.returncode == 0
    assert summary(again) == first
    other = shell.invoke("--name", "mine", "mini_batch_size=2")
    assert other.returncode == 2
    assert "mini_batch_size: 1 -> 2" in other.stderr
    assert shell.job("list", "--query", "length(@)").stdout == "1\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_stops_cleanly_and_the_printed_command_finishes_the_job(
    number: signal.Signals, shell: Shell
) -> None:
    shell.files(4, "wait")
    (shell.folder / "input" / "000.txt").write_text("done before")
    process = shell.start_running("--name", "mine", "output.path=out")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert json.loads(out)["status"] == "Canceled"
    assert "press Ctrl-C again" in err
    assert not (shell.folder / "out" / "predictions.csv").exists()
    (line,) = [line for line in err.splitlines() if line.startswith("to resume: ")]
    assert line.endswith("framework job resume mine")
    shell.gate.touch()
    done = shell.job("resume", "mine")
    assert done.returncode == 0, done.stderr
    assert summary(done)["counts"]["succeeded"] == 4
    assert len((shell.folder / "out" / "predictions.csv").read_text().splitlines()) == 5
    again = shell.job("resume", "mine")
    assert again.returncode == 0, again.stderr
    assert "job mine is Completed already: there is nothing left to do" in again.stderr


def test_a_second_signal_ends_it_at_once(shell: Shell) -> None:
    shell.files(4, "wait")
    process = shell.start_running("--name", "mine")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert any("press Ctrl-C again" in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130


def test_a_running_job_of_that_name_is_followed_to_its_end(shell: Shell) -> None:
    shell.files(4, "wait")
    first = shell.start_running("--name", "mine")
    second = shell.start("--name", "mine")
    assert second.stderr is not None
    assert second.stderr.readline() == "job mine\n"
    shell.gate.touch()
    mine, theirs = first.communicate(timeout=60), second.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (0, 0), (mine, theirs)
    assert json.loads(theirs[0])["status"] == "Completed"
    assert json.loads(theirs[0])["counts"]["succeeded"] == 4


def test_another_workspace_is_found_by_the_printed_command(shell: Shell) -> None:
    done = shell.invoke("workspace=elsewhere", "--name", "mine", "--query", "name", "-o", "tsv")
    assert done.returncode == 0, done.stderr
    assert shell.job("show", "mine").returncode == 4
    found = shell.job("show", "mine", "--workspace", "elsewhere", "--query", "status", "-o", "tsv")
    assert found.stdout == "Completed\n"


def test_job_list_is_newest_first_and_short_as_a_table(shell: Shell) -> None:
    for name in ("older", "newer"):
        assert shell.invoke("--name", name, "--no-progress").returncode == 0
        time.sleep(0.01)  # times of creation have milliseconds
    assert shell.job("list", "--query", "[].name", "-o", "tsv").stdout == "newer\nolder\n"
    table = shell.job("list", "-o", "table").stdout.splitlines()
    assert table[0].split() == ["name", "status", "files", "failed", "created"]
    assert table[2].split()[:2] == ["newer", "Completed"]


def test_a_folder_that_is_no_workspace_is_no_empty_list(shell: Shell, tmp_path: Path) -> None:
    ended = shell.job("list", "--workspace", str(tmp_path / "misspelt"))
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "misspelt: there is none" in ended.stderr


def test_a_progress_reader_that_goes_away_does_not_stop_the_job(shell: Shell) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        shell.words("--query", "status", "-o", "tsv"),
        cwd=shell.folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=write,
        text=True,
        timeout=90,
    )
    os.close(write)
    assert (done.returncode, done.stdout) == (0, "Completed\n")
