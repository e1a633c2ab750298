"""Models from the command line: registered, scored with, archived, tampered with, deleted."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from framework.cli import main

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    **{key: value for key, value in os.environ.items() if key != "FRAMEWORK_CONF"},
    "PYTHONPATH": str(ROOT),
    "COLUMNS": "100",
}
SCRIPT = """
import os, pathlib

def init():
    global weights
    folder = pathlib.Path(os.environ["AZUREML_MODEL_DIR"])
    assert str(folder) == os.environ["MODEL_DIR"]
    found = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    weights = [found, (folder / found[-1]).read_text()]

def run(mini_batch):
    if os.path.exists("GATE"):
        raise ValueError("the gate is shut")
    return [{"files": " ".join(weights[0]), "weights": weights[1]} for _ in mini_batch]
"""


class Shell:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "conf").mkdir()
        (folder / "conf" / "config.yaml").write_text("")
        (folder / "code").mkdir()
        (folder / "code" / "score.py").write_text(SCRIPT.replace("GATE", str(folder / "gate")))
        (folder / "input").mkdir()
        (folder / "input" / "a.txt").write_text("a")
        self.weights("one")

    def weights(self, text: str) -> None:
        path = self.folder / "net" / "deep" / "weights.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        (self.folder / "net.bin").write_text(text)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "framework", *words],
            cwd=self.folder,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def here(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same in this process, which takes a tenth of the time."""
        streams = [io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2)]
        with contextlib.chdir(self.folder), contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.redirect_stdout(streams[0]))
            stack.enter_context(contextlib.redirect_stderr(streams[1]))
            code = main(words)
        said = []
        for stream in streams:
            stream.flush()
            said.append(stream.buffer.getvalue().decode())
        return subprocess.CompletedProcess(words, code, *said)

    def json(self, *words: str) -> Any:
        done = self.here(*words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def invoke(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run(
            "invoke",
            "code_configuration.code=code",
            "code_configuration.scoring_script=score.py",
            "input=input",
            "retry_settings.max_retries=1",
            *words,
        )

    def record(self, job: str) -> dict[str, Any]:
        path = self.folder / ".framework" / "jobs" / job / "job.json"
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def rows(self, job: str) -> str:
        return (self.folder / ".framework/outputs" / job / "predictions.csv").read_text()


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.delenv("FRAMEWORK_CONF", raising=False)
    return Shell(tmp_path)


def test_a_job_names_the_version_and_the_old_one_stays_invocable(shell: Shell) -> None:
    first = shell.json("model", "create", "--name", "net", "--path", "net")
    again = shell.run("model", "create", "--name", "net", "--path", "net", "--query", "version")
    shell.weights("two")
    second = shell.json("model", "create", "--name", "net", "--path", "net")
    assert (first["version"], again.stdout, second["version"]) == ("1", '"1"\n', "2")
    assert "unchanged: net:1 has this content already" in again.stderr

    for job, reference in (("old", "azureml:net:1"), ("new", "azureml:net@latest")):
        done = shell.invoke(f"model={reference}", "--name", job)
        assert done.returncode == 0, done.stderr
    assert shell.record("old")["model"] == {
        "name": "net",
        "version": "1",
        "path": first["path"],
        "size": first["size"],
        "sha256": first["sha256"],
    }
    assert shell.json("job", "show", "old")["model"] == "net:1"
    assert shell.json("job", "show", "new")["model"] == "net:2"
    assert shell.rows("old").splitlines()[1] == "net/deep/weights.txt,one"
    assert shell.rows("new").splitlines()[1] == "net/deep/weights.txt,two"


def test_a_stopped_job_goes_on_with_its_version_wherever_latest_is(shell: Shell) -> None:
    shell.json("model", "create", "net", "--path", "net.bin")
    (shell.folder / "gate").touch()
    assert shell.invoke("model=azureml:net@latest", "--name", "j").returncode == 1
    shell.weights("two")
    shell.json("model", "create", "net", "--path", "net.bin")
    assert shell.here("model", "archive", "net", "--version", "1").returncode == 0

    refused = shell.invoke("model=azureml:net@latest", "--name", "j")
    assert refused.returncode == 2
    assert "model: net:1 -> net:2 (`job resume j` goes on with the old one)" in refused.stderr
    (shell.folder / "gate").unlink()
    resumed = shell.run("job", "resume", "j", "error_threshold=-1")
    assert resumed.returncode == 1  # the outcome in the ledger is never scored again
    (shell.folder / "input" / "a.txt").write_text("b")
    fresh = shell.invoke("model.name=net", "model.version=1", "--name", "k")
    assert fresh.returncode == 0, fresh.stderr
    assert shell.rows("k").splitlines()[1] == "net.bin,one"
    assert shell.json("job", "show", "j")["model"] == "net:1"


def test_an_inline_model_is_registered_once(shell: Shell) -> None:
    words = ("model.name=net", "model.path=net", "model.type=custom_model")
    dry = shell.invoke(*words, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert shell.json("model", "list") == []
    for job in ("a", "b"):
        assert shell.invoke(*words, "--name", job).returncode == 0
        assert shell.json("job", "show", job)["model"] == "net:1"
    assert shell.invoke(*words, "--name", "a").returncode == 0
    shell.weights("two")
    moved = shell.invoke(*words, "--name", "a")
    assert (moved.returncode, "model: net:1 -> " in moved.stderr) == (2, True)
    assert shell.invoke(*words, "--name", "c").returncode == 0
    ids = shell.json("model", "list", "--name", "net", "--query", "[].id")
    assert ids == ["azureml:net:2", "azureml:net:1"]


def test_a_model_that_was_tampered_with_is_refused(shell: Shell) -> None:
    made = shell.json("model", "create", "net", "--path", "net")
    Path(made["path"], "deep", "weights.txt").write_text("ONE")
    done = shell.invoke("model=azureml:net:1", "--name", "j")

    assert done.returncode == 2
    assert "model net:1: net/deep/weights.txt has changed" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (shell.folder / ".framework" / "jobs").exists()


def test_archived_and_deleted_models_are_gone_from_where_they_should_be(shell: Shell) -> None:
    shell.json("model", "create", "net", "--path", "net")
    shell.weights("two")
    shell.json("model", "create", "net", "--path", "net")
    assert shell.here("model", "archive", "net:2").returncode == 0
    assert shell.json("model", "show", "net")["version"] == "1"
    assert [each["version"] for each in shell.json("model", "list", "--name", "net")] == ["1"]
    assert len(shell.json("model", "list", "--name", "net", "--include-archived")) == 2
    assert shell.here("model", "restore", "net").returncode == 0
    assert shell.json("model", "show", "net", "--label", "latest")["version"] == "2"

    folder = shell.folder / "conf" / "deployment" / "e-e"
    folder.mkdir(parents=True)
    (shell.folder / "conf" / "endpoint").mkdir()
    (shell.folder / "conf" / "endpoint" / "e-e.yaml").write_text("name: e-e\n")
    (folder / "d.yaml").write_text("model: azureml:net:1\n")
    used = shell.here("model", "delete", "net:1", "--yes")
    assert used.returncode == 2
    assert "is what deployment 'd' of endpoint 'e-e' scores with" in used.stderr
    assert shell.here("model", "delete", "net", "--yes").returncode == 2
    assert shell.here("model", "delete", "net:2").returncode == 2  # nobody can be asked
    assert shell.here("model", "delete", "net:2", "--yes").returncode == 0
    gone = shell.invoke("model=azureml:net:2", "--name", "j")
    assert gone.returncode == 4
    assert "net:2 was deleted" in gone.stderr


AZURE = """
$schema: https://azuremlschemas.azureedge.net/latest/model.schema.json
name: heart
version: 3
path: ../net
type: mlflow_model
description: from a file
tags: {team: vision, on: true, code: 007}
properties: {a: b}
stage: Production
flavors: {sklearn: {sklearn_version: 0.23.2}}
"""


def test_azure_mls_own_file_is_taken_as_it_is(shell: Shell) -> None:
    (shell.folder / "azure").mkdir()
    (shell.folder / "azure" / "model.yml").write_text(AZURE)
    other = shell.here("model", "create", "-f", "azure/model.yml")
    assert (other.returncode, "is no mlflow_model" in other.stderr) == (2, True)
    (shell.folder / "net" / "MLmodel").write_text("flavors: {}\n")
    done = shell.here(
        "model", "create", "-f", "azure/model.yml", "--tags", "x=1", "--set", "tags.team=audio"
    )
    made = json.loads(done.stdout)

    assert (made["id"], made["type"], made["description"]) == (
        "azureml:heart:3",
        "mlflow_model",
        "from a file",
    )
    assert made["tags"] == {"team": "audio", "on": "true", "code": "007", "x": "1"}
    assert "note: stage has no effect: say it as a tag" in done.stderr
    assert shell.json("config", "show", "model=azureml:heart:3", "-o", "json")["scorer"] == {
        "name": "mlflow",
        "params": {},
    }
    wrong = shell.here("model", "create", "-f", "azure/model.yml", "--set", "tipe=x")
    assert (wrong.returncode, "did you mean 'type'" in wrong.stderr) == (2, True)
