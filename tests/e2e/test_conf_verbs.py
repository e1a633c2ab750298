"""What `conf/` has, from the command line: created, shown, listed, updated and deleted."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from framework.cli import main

ROOT = Path(__file__).parents[2]
SCHEMA = "$schema: https://azuremlschemas.azureedge.net/latest/"
FILES = {
    "endpoint": f"{SCHEMA}batchEndpoint.schema.json\nname: the-name\ndescription: one # said\n",
    "deployment": (
        f"{SCHEMA}modelBatchDeployment.schema.json\nname: the-name\nendpoint_name: digits\n"
        "type: model\ndescription: one # said\ncode_configuration:\n  code: code\n"
        "  scoring_script: score.py\nsettings:\n  mini_batch_size: 10\n"
    ),
    "environment": "name: the-name\ndescription: one # said\nconda_file: conda.yml\n",
    "datastore": "name: the-name\ntype: local\ndescription: one # said\npath: images\n",
    "compute": "name: the-name\ntype: local\ndescription: one # said\n",
    "data": "name: the-name\ntype: uri_folder\ndescription: one # said\npath: images\n",
}


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def entity(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FRAMEWORK_CONF", raising=False)
    (tmp_path / "yaml" / "code").mkdir(parents=True)
    (tmp_path / "yaml" / "images").mkdir()
    (tmp_path / "yaml" / "code" / "score.py").write_text("def run(files):\n    return files\n")
    (tmp_path / "yaml" / "conda.yml").write_text("dependencies:\n  - python=3.11\n")
    for kind, text in FILES.items():
        (tmp_path / "yaml" / f"{kind}.yml").write_text(text)
    return tmp_path


@pytest.fixture
def run(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    def run(*words: str) -> Said:
        code = main(words)
        said = capfdbinary.readouterr()
        return Said(code, said.out.decode(), said.err.decode())

    return run


@pytest.fixture
def digits(run: Run) -> None:
    assert run("endpoint", "create", "digits").code == 0


def owner(kind: str) -> list[str]:
    return ["-e", "digits"] if kind == "deployment" else []


def snapshot(folder: Path) -> dict[str, bytes]:
    files = (path for path in (folder / "conf").rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("kind", FILES)
def test_the_life_of_an_entry(kind: str, run: Run, digits: None, folder: Path) -> None:
    created = run(kind, "create", "--file", f"yaml/{kind}.yml")
    assert (created.code, created.entity["description"]) == (0, "one")
    before = snapshot(folder)
    assert run(kind, "create", "--file", f"yaml/{kind}.yml").out == created.out
    assert snapshot(folder) == before
    shown = run(kind, "show", "the-name", *owner(kind))
    assert shown.out == created.out
    listed = run(kind, "list", *owner(kind), "--query", "[].name", "-o", "tsv").out.split()
    assert "the-name" in listed
    updated = run(kind, "update", "--name", "the-name", *owner(kind), "--set", "tags.team=blue")
    assert updated.entity["tags"] == {"team": "blue"}
    changed = {name for name, data in snapshot(folder).items() if before.get(name) != data}
    assert len(changed) == 1
    (name,) = changed
    assert snapshot(folder)[name] == before[name] + b"tags:\n  team: blue\n"
    assert run(kind, "delete", "the-name", *owner(kind)).code == 2
    deleted = run(kind, "delete", "the-name", *owner(kind), "--yes")
    assert (deleted.code, deleted.out) == (0, "")
    assert name not in snapshot(folder)
    gone = run(kind, "show", "the-name", *owner(kind))
    assert gone.code == 4
    assert "named 'the-name'" in gone.err


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/b", ".hidden", "..", "x" * 300, "a\nb"])
def test_no_name_leads_out_of_conf(
    kind: str, name: str, run: Run, digits: None, folder: Path
) -> None:
    def all_files() -> set[Path]:
        return {path for path in folder.rglob("*") if ".lock" not in path.parts}

    before = all_files()
    for verb in (
        ["create", "--name", name],
        ["create", "--set", f"name={name}"],
        ["create", "--file", f"yaml/{kind}.yml", "--name", name],
        ["update", "--name", name, "--set", "description=x"],
        ["delete", "--name", name, "--yes"],
        ["show", "--name", name],
    ):
        said = run(kind, *verb, *owner(kind))
        assert said.code in {2, 4}, verb
        assert len(said.err.splitlines()) == 1
    assert all_files() == before


def test_a_conf_is_made_where_there_is_none(run: Run, folder: Path) -> None:
    made = run("endpoint", "create", "--name", "digits")
    assert "made" in made.err
    assert (folder / "conf" / "config.yaml").is_file()
    assert "made" not in run("endpoint", "create", "--name", "words").err


def test_nothing_is_there_without_a_conf(run: Run) -> None:
    assert run("endpoint", "list").entity == []
    for words in (["show", "x"], ["update", "x", "--set", "a=b"], ["delete", "x", "--yes"]):
        said = run("endpoint", *words)
        assert said.code == 4
        assert "there is no conf/ here" in said.err


def test_the_default_is_switched_and_protected(run: Run, digits: None) -> None:
    create = ["deployment", "create", "--file", "yaml/deployment.yml"]
    run(*create, "--name", "blue", "--set-default")
    run(*create, "--name", "green")
    assert run("endpoint", "show", "digits").entity["defaults"] == {"deployment_name": "blue"}
    refused = run("deployment", "delete", "blue", "-e", "digits", "--yes")
    assert refused.code == 2
    assert "--set defaults.deployment_name=green" in refused.err
    wrong = run("endpoint", "update", "digits", "--set", "defaults.deployment_name=gren")
    assert (wrong.code, "did you mean 'green'?" in wrong.err) == (4, True)
    run("endpoint", "update", "digits", "--set", "defaults.deployment_name=green")
    assert run("deployment", "delete", "blue", "-e", "digits", "--yes").code == 0
    table = run("deployment", "list", "-o", "table").out.splitlines()
    assert table[-1].split()[:3] == ["green", "digits", "yes"]
    assert run("endpoint", "delete", "digits", "--yes").code == 0
    assert run("deployment", "list").entity == []


def test_a_deployment_without_its_endpoint_is_refused(run: Run, digits: None) -> None:
    said = run("deployment", "create", "--file", "yaml/deployment.yml", "-e", "digit")
    assert (said.code, "did you mean 'digits'?" in said.err) == (4, True)
    assert run("deployment", "create", "blue", "--set", "mini_batch_size=3").code == 2


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("def run(files):\n    retrun files\n", "score.py, line 2: invalid syntax"),
        ("def predict(files): ...\n", "has no function run(mini_batch)"),
        (None, "score.py is not in"),
    ],
)
def test_a_script_that_can_not_run_is_refused_before_anything_is_written(
    script: str | None, said: str, run: Run, digits: None, folder: Path
) -> None:
    path = folder / "yaml" / "code" / "score.py"
    path.unlink()
    if script is not None:
        path.write_text(script)
    before = snapshot(folder)
    refused = run("deployment", "create", "--file", "yaml/deployment.yml")
    assert refused.code == 2
    assert said in refused.err.splitlines()[-1]
    assert snapshot(folder) == before


def test_a_named_model_is_registered_once_and_referred_to(
    run: Run, digits: None, folder: Path
) -> None:
    (folder / "yaml" / "model.bin").write_bytes(b"weights")
    file = folder / "yaml" / "deployment.yml"
    file.write_text(f"{file.read_text()}model: {{name: net, path: model.bin}}  # ours\n")
    for _ in range(2):
        said = run("deployment", "create", "--file", "yaml/deployment.yml", "--query", "model")
        assert said.entity == "azureml:net:1"
    text = (folder / "conf/deployment/digits/the-name.yaml").read_text()
    assert text.endswith("model: azureml:net:1  # ours\n")
    (folder / "yaml" / "model.bin").write_bytes(b"other weights")
    again = run("deployment", "create", "--file", "yaml/deployment.yml", "--query", "model")
    assert again.entity == "azureml:net:2"


def test_a_model_that_is_not_there_is_refused(run: Run, digits: None) -> None:
    said = run("deployment", "create", "-n", "blue", "-e", "digits", "--set", "model.path=nope")
    assert (said.code, "model.path: " in said.err, "is not there" in said.err) == (2, True, True)


def test_all_that_is_wrong_is_said_at_once_with_its_line(
    run: Run, digits: None, folder: Path
) -> None:
    (folder / "bad.yml").write_text("name: bad\nmini_batch_sise: 3\nerror_threshold: many\n")
    said = run("deployment", "create", "-f", "bad.yml", "-e", "digits", "--set", "keep_alive=-1")
    assert said.code == 2
    lines = said.err.splitlines()
    assert len(lines) == 3
    assert any("did you mean 'mini_batch_size'? (bad.yml:2)" in line for line in lines)
    assert any("error_threshold" in line and "(bad.yml:3)" in line for line in lines)
    assert any("keep_alive" in line and "(--set)" in line for line in lines)


def test_what_names_a_deleted_entry_is_said(run: Run, digits: None) -> None:
    run("compute", "create", "--file", "yaml/compute.yml")
    run("deployment", "create", "--file", "yaml/deployment.yml", "--set", "compute=the-name")
    said = run("compute", "delete", "the-name", "--yes")
    assert (said.code, said.out) == (0, "")
    assert said.err == (
        "warning: compute 'the-name' is named by deployment 'the-name' of endpoint 'digits'\n"
    )


def test_a_broken_file_hides_no_other(run: Run, digits: None, folder: Path) -> None:
    (folder / "conf" / "endpoint" / "broken.yaml").write_text("a: [")
    said = run("endpoint", "list")
    assert [each["name"] for each in said.entity] == ["broken", "digits"]
    assert "broken YAML" in said.err
    assert run("endpoint", "show", "broken").code == 2
    assert run("endpoint", "delete", "broken", "--yes").code == 0


def test_secrets_are_not_shown(run: Run, folder: Path) -> None:
    (folder / "store.yml").write_text(
        "name: raw\ntype: s3\nbucket: b\ncredentials: {secret_access_key: hush}\n"
    )
    for words in (["create", "-f", "store.yml"], ["show", "raw"], ["list"]):
        said = run("datastore", *words)
        assert "hush" not in said.out + said.err
        assert "***" in said.out


@pytest.mark.parametrize(("answer", "code", "is_left"), [("y", 0, False), ("n", 130, True)])
def test_a_terminal_is_asked_before_something_is_deleted(
    folder: Path, run: Run, digits: None, answer: str, code: int, is_left: bool
) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "framework", "endpoint", "delete", "digits"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.write(ours, f"{answer}\n".encode())
    out, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert (process.returncode, out) == (code, "")
    assert "delete endpoint 'digits'? [y/N]" in err
    assert (folder / "conf" / "endpoint" / "digits.yaml").exists() == is_left


def test_git_sees_only_what_was_asked_for(run: Run, folder: Path) -> None:
    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@x", *words],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    git("init", "-q")
    run("endpoint", "create", "digits")
    run("deployment", "create", "--file", "yaml/deployment.yml", "--set-default")
    git("add", "-A")
    git("commit", "-qm", "first")
    run("endpoint", "create", "digits")
    run("deployment", "create", "--file", "yaml/deployment.yml", "--set-default")
    assert git("status", "--short") == ""
    run("deployment", "update", "the-name", "-e", "digits", "--set", "mini_batch_size=20")
    assert git("diff", "--numstat").split() == [
        "1",
        "1",
        "conf/deployment/digits/the-name.yaml",
    ]


@pytest.mark.parametrize(
    ("reference", "code", "said"),
    [
        ("compute=azureml:gpu-clster", 4, "no compute named 'gpu-clster', did you mean"),
        ("environment=azureml:digits-env:9", 4, "digits-env"),
        ("environment=azureml://registries/azureml/environments/minimal/versions/1", 2, "registry"),
        ("model=azureml:digits@latest", 4, "no model named 'digits'"),
        ("model=azureml:digits", 4, "no model named 'digits'"),
    ],
)
@pytest.mark.usefixtures("digits")
def test_a_deployment_of_what_is_not_there_is_not_written(run: Run, reference, code, said):
    assert run("compute", "create", "gpu-cluster", "--set", "type=local").code == 0

    ended = run("deployment", "create", "-f", "yaml/deployment.yml", *owner("deployment"))
    assert ended.code == 0
    before = Path("conf/deployment/digits/the-name.yaml").read_bytes()
    ended = run("deployment", "update", "the-name", *owner("deployment"), "--set", reference)

    assert ended.code == code
    assert said in ended.err
    assert Path("conf/deployment/digits/the-name.yaml").read_bytes() == before
