from __future__ import annotations

import pytest

from framework.config.model_files import (
    ModelFile,
    read_model_file,
    read_model_settings,
    read_tags,
)
from framework.config.model_users import model_users
from framework.errors import ConfigurationError, NotFoundError


def read(tmp_path, text: str) -> ModelFile:
    (tmp_path / "model.yml").write_text(text)
    return read_model_file(str(tmp_path / "model.yml"))


def test_texts_keep_what_was_written(tmp_path):
    found = read(tmp_path, "name: 007\nversion: 1.10\ntags: {on: yes, n: 1_0, none: null}\n")

    assert (found.name, found.version) == ("007", "1.10")
    assert found.tags == {"on": "yes", "n": "1_0", "none": ""}
    assert found.description is None


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("model.pt", "{folder}/model.pt"),
        ("../m", "{folder}/../m"),
        ("/abs/m", "/abs/m"),
        ("s3://bucket/m", "s3://bucket/m"),
        ("azureml://datastores/d/paths/m", "azureml://datastores/d/paths/m"),
    ],
)
def test_a_relative_path_is_relative_to_the_file(tmp_path, written, path):
    assert read(tmp_path, f"path: {written}\n").path == path.format(folder=tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nmae: m\n", "nmae: unknown key of a model, did you mean 'name'"),
        ("type: triton_model\n", "type: is 'triton_model'"),
        ("tags: blue\n", "tags: must have keys"),
        ("name: [a]\n", "name: must be a text"),
        ("- a\n", "holds a list"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_key(tmp_path, text, says):
    with pytest.raises(ConfigurationError, match=says):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_not_found():
    with pytest.raises(NotFoundError, match=r"--file: 'no\.yml' is not there"):
        read_model_file("no.yml")


def test_settings_come_over_the_file_and_maps_are_merged():
    file = ModelFile(name="m", path="a", tags={"a": "1", "b": "1"}, notices=("note",))
    options = read_model_settings(["tags.b=2", "path=b", "description=x=y"])

    merged = options.over(file)
    assert merged == ModelFile(name="m", path="b", tags={"a": "1", "b": "2"}, description="x=y")
    assert merged.notices == ("note",)


@pytest.mark.parametrize("text", ["name", "tagz.a=1", "tags=1", "size=3", "type=x", "tags.=1"])
def test_what_can_not_be_set_is_refused(text):
    with pytest.raises(ConfigurationError, match="--set"):
        read_model_settings([text])


def test_tags_are_keys_and_values():
    assert read_tags(["a=1", "b=x y=z"]) == {"a": "1", "b": "x y=z"}
    for text in ("a", "=1"):
        with pytest.raises(ConfigurationError, match="write key=value"):
            read_tags([text])


def test_who_names_a_model_is_found_in_every_form(tmp_path):
    files = {
        "deployment/e-e/exact.yaml": "model: azureml:m:1\n",
        "deployment/e-e/latest.yaml": "type: model\nmodel: azureml:m@latest\n",
        "deployment/e-e/inside.yaml": "settings: {model: {name: m, version: 2}}\n",
        "deployment/e-e/inline.yaml": "model: {name: m, path: m.pt}\n",
        "deployment/e-e/path.yaml": "model: m\n",
        "deployment/e-e/other.yaml": "model: azureml:mm:1\n",
        "deployment/e-e/broken.yaml": "model: [\n",
        "endpoint/e-e.yaml": "settings: {model: 'azureml:m:3'}\n",
        "config.yaml": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    found = {
        (user.where.split("'")[1], user.version)
        for user in model_users(tmp_path / "config.yaml", "m")
    }
    assert found == {("exact", "1"), ("latest", None), ("inside", "2"), ("e-e", "3")}
