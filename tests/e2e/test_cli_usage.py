"""The command line as a shell sees it, where no job is run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
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
HEAVY = {"dask", "distributed", "pandas", "numpy", "pyarrow", "torch", "tensorflow", "omegaconf"}


def run(*words: str, cwd: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    options = {"capture_output": True, "env": ENVIRONMENT} | options
    return subprocess.run([*FRAMEWORK, *words], cwd=cwd, text=True, timeout=60, **options)


def imported_by(words: list[str], cwd: Path) -> set[str]:
    code = (
        "import sys; from framework.cli import main; main(sys.argv[1:]); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=cwd,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [["--help"], ["invoke", "--help"], ["job", "show", "--help"]])
def test_help_imports_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    found = imported_by(words, tmp_path)
    assert "click" in found
    assert not found & (HEAVY | {"rich", "fsspec", "pluggy", "jmespath", "yaml"})


@pytest.mark.parametrize(
    "words", [["job", "list"], ["job", "show", "x"], ["config", "show"], ["plugins", "list"]]
)
def test_verbs_that_only_look_import_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    assert not imported_by(words, tmp_path) & (HEAVY | {"rich"})


def test_the_programs_name_is_how_it_was_called(tmp_path: Path) -> None:
    assert run("--help", cwd=tmp_path).stdout.startswith("Usage: python")
    assert "-m framework" in run("--help", cwd=tmp_path).stdout.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--version"], 0),
        (["job", "list"], 0),
        (["invoke", "endpoint=nope", "input=."], 4),
        (["job", "show", "nope"], 4),
        (["invoke", "input=."], 2),
        (["invoke", "--endpoint", "x"], 2),
        ([], 2),
    ],
)
def test_the_exit_code_is_the_shells(words: list[str], code: int, tmp_path: Path) -> None:
    assert run(*words, cwd=tmp_path).returncode == code


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = run(
        "plugins", "list", cwd=tmp_path, capture_output=False, stdout=write, stderr=subprocess.PIPE
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_under_stdout_is_one_line(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = run(
            "job", "list", cwd=tmp_path, capture_output=False, stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 1
    assert done.stderr == "error: the result can't be written to stdout: no space left on device\n"


@pytest.mark.parametrize("closing", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_do_no_harm(closing: str, tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m framework plugins list {closing}'
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=ENVIRONMENT, timeout=60)
    assert done.returncode == 0


def test_a_stdout_that_is_not_utf8_gets_the_whole_result(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text("tags: {team: blå}\n", encoding="utf-8")
    for encoding in ("ascii", "latin-1", "utf-8"):
        environment = ENVIRONMENT | {"PYTHONIOENCODING": encoding}
        done = subprocess.run(
            [*FRAMEWORK, "config", "show", "-o", "json"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            timeout=60,
        )
        assert json.loads(done.stdout.decode("utf-8"))["tags"] == {"team": "blå"}


def test_names_that_are_no_utf8_are_told_and_not_stumbled_over(tmp_path: Path) -> None:
    word = os.fsdecode(b"endpoint=caf\xe9")
    done = run("invoke", word, "input=.", cwd=tmp_path, errors="surrogateescape")
    assert done.returncode in {2, 4}
    assert done.stderr.startswith("error: ")
    assert "bug" not in done.stderr


def test_a_word_of_any_size_is_read(tmp_path: Path) -> None:
    done = run("config", "show", f"+tags.long={'x' * 100_000}", "-o", "json", cwd=tmp_path)
    assert len(json.loads(done.stdout)["tags"]["long"]) == 100_000


def test_sigterm_before_a_job_is_there_ends_it_in_one_line(tmp_path: Path) -> None:
    fifo = tmp_path / "conf" / "config.yaml"
    fifo.parent.mkdir()
    (tmp_path / "stuck.py").write_text("import time\nprint('in', flush=True)\ntime.sleep(60)\n")
    fifo.write_text("plugins: [stuck]\n")
    environment = ENVIRONMENT | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    process = subprocess.Popen(
        [*FRAMEWORK, "plugins", "list"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "in\n"  # it is stuck in the plugin, and stdout is clean
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "\ninterrupted\n")
