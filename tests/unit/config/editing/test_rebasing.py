from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.config import compose
from framework.config.editing import Editor, Request
from framework.config.editing.rebasing import rebased

Write = Callable[[str, str], Path]
Make = Callable[..., Request]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("code", "../../../project/yaml/code"),
        ("./code/", "../../../project/yaml/code/"),
        ("../model.pt", "../../../project/model.pt"),
        ("../../../outside", "{outside}"),
        ("/somewhere/else", "/somewhere/else"),
        ("~/models", "~/models"),
        ("s3://bucket/x", "s3://bucket/x"),
        ("azureml:model:1", "azureml:model:1"),
        ("azureml://datastores/d/paths/p", "azureml://datastores/d/paths/p"),
        ("${oc.env:ROOT}/x", "${oc.env:ROOT}/x"),
        ("models/${oc.env:MODEL}", "../../../project/yaml/models/${oc.env:MODEL}"),
        ("", ""),
        (None, None),
        (["a", "s3://b"], ["../../../project/yaml/a", "s3://b"]),
    ],
)
def test_a_relative_path_leads_to_the_same_place_from_another_folder(
    here: Path, text: object, expected: object
) -> None:
    origin = here / "project" / "yaml"
    origin.mkdir(parents=True)
    target = here / "conf" / "deployment" / "digits"
    if isinstance(expected, str):
        expected = expected.replace("{outside}", str(here.parent / "outside"))
    assert rebased(text, origin=origin, target=target, project=here) == expected


def test_a_file_that_lies_in_conf_itself_keeps_its_paths(here: Path) -> None:
    assert rebased("./x", origin=here, target=here, project=here) == "./x"


def test_a_path_is_absolute_where_a_link_would_lead_it_astray(here: Path, tmp_path: Path) -> None:
    (tmp_path / "deep" / "real").mkdir(parents=True)
    (here / "conf").symlink_to(tmp_path / "deep" / "real")
    found = rebased("code", origin=here, target=here / "conf" / "data", project=here)
    assert found == str(here / "code")


FLAT = """
model: {path: model}
code_configuration: {code: src, scoring_script: score.py}
environment: {conda_file: conda.yml, image: x}
output: {path: out}
"""
AZURE = """
type: model
model: model
code_configuration:
  code: {path: src}
  scoring_script: score.py
environment: {conda_file: conda.yml, image: x}
output: out
settings: {mini_batch_size: 3}
"""


@pytest.mark.parametrize("form", [FLAT, AZURE])
def test_every_path_of_a_deployment_leads_to_the_same_place(
    editor: Editor, make: Make, write: Write, here: Path, form: str
) -> None:
    write("team/yaml/deployment.yml", form)
    write("team/yaml/conda.yml", "dependencies: [python]\n")
    editor.save(make("endpoint", "digits"))
    editor.save(make("deployment", "digits/torch", file="team/yaml/deployment.yml"))
    document = compose(["endpoint=digits", "deployment=torch"], is_complete=False).document
    found = {
        document["model"]["path"],
        document["code_configuration"]["code"],
        document["output"]["path"],
    }
    assert found == {str(here / "team/yaml" / each) for each in ("model", "src", "out")}
    text = (here / "conf/deployment/digits/torch.yaml").read_text()
    assert "conda_file: ../../../team/yaml/conda.yml" in text
    assert os.fspath(here) not in text


def test_a_script_without_a_code_folder_is_found_where_its_file_said(
    editor: Editor, make: Make, write: Write, here: Path
) -> None:
    write("team/score.py", "def run(files): return files\n")
    write("team/deployment.yml", "code_configuration: {scoring_script: score.py}\n")
    editor.save(make("endpoint", "digits"))
    editor.save(make("deployment", "digits/torch", file="team/deployment.yml"))
    document = compose(["endpoint=digits", "deployment=torch"], is_complete=False).document
    expected = {"code": str(here / "team"), "scoring_script": "score.py"}
    assert document["code_configuration"] == expected


def test_a_path_that_is_set_is_relative_to_the_working_directory(
    editor: Editor, make: Make, here: Path
) -> None:
    editor.save(make("endpoint", "digits"))
    editor.save(make("deployment", "digits/torch", "model=m", "code_configuration.code=src"))
    text = (here / "conf/deployment/digits/torch.yaml").read_text()
    assert "model: ../../../m\n" in text
    assert "code: ../../../src\n" in text


def test_a_local_datastores_folder_leads_to_the_same_place(
    editor: Editor, make: Make, write: Write, here: Path
) -> None:
    write("team/store.yml", "name: raw\ntype: local\npath: images\n")
    editor.save(make("datastore", "raw", file="team/store.yml"))
    text = (here / "conf/datastore/raw.yaml").read_text()
    assert text == "name: raw\ntype: local\npath: ../../team/images\n"
