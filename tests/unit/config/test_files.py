from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.config import Composition, compose
from framework.errors import ConfigurationError

DEPLOYMENT = "conf/deployment/digits/torch.yaml"


def composed(*overrides: Any) -> Composition:
    return compose(["endpoint=digits", "input=x", *overrides])


def said() -> str:
    with pytest.raises(ConfigurationError) as caught:
        composed()
    return str(caught.value)


AZURE = """
$schema: https://azuremlschemas.azureedge.net/latest/modelBatchDeployment.schema.json
name: torch
description: A deployment.
endpoint_name: digits
type: model
model:
  name: mnist-classifier-torch
  path: model
code_configuration:
  code: code
  scoring_script: batch_driver.py
environment:
  name: batch-torch
  image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:latest
  conda_file: environment/conda.yaml
compute: azureml:local
resources:
  instance_count: 2
settings:
  max_concurrency_per_instance: 2
  mini_batch_size: 10
  output_action: append_row
  output_file_name: predictions.csv
  retry_settings:
    max_retries: 3
    timeout: 30
  error_threshold: -1
  logging_level: Info
  environment_variables: {A: 1}
"""


def test_azures_form_with_type_and_settings_is_accepted(workspace: Path, write: Any) -> None:
    write(DEPLOYMENT, AZURE)
    settings = composed().settings
    assert settings.max_concurrency_per_instance == 2
    assert settings.resources.instance_count == 2
    assert settings.environment_variables == {"A": "1"}
    assert settings.model.name == "mnist-classifier-torch"
    folder = workspace / "conf/deployment/digits"
    assert settings.model.path == str(folder / "model")
    assert settings.code_configuration.code == str(folder / "code")
    assert settings.environment.conda_file == str(folder / "environment/conda.yaml")


def test_azures_flat_form_is_accepted(workspace: Path, write: Any) -> None:
    write("conf/environment/env.yaml", "name: env\nimage: azure/image:1\n")
    write(
        DEPLOYMENT,
        "name: torch\nendpoint_name: azureml:digits\nmodel: azureml:m@latest\n"
        "code_configuration: {code: {path: src}, scoring_script: s.py}\n"
        "environment: azureml:env:1\ncompute: {name: local}\noutput_action: AppendRow\n"
        "max_concurrency_per_instance: 2\nlogging_level: INFO\ninput: [a, b]\n",
    )
    made = compose(["endpoint=digits"])
    assert made.settings.model.name == "azureml:m@latest"
    assert made.settings.code_configuration.code == str(workspace / "conf/deployment/digits/src")
    assert (made.settings.environment.name, made.settings.environment.image) == (
        "env",
        "azure/image:1",
    )
    assert [Path(each).name for each in made.settings.input] == ["a", "b"]


def test_what_azure_has_and_nothing_here_reads_is_told(workspace: Path, write: Any) -> None:
    write(
        DEPLOYMENT,
        "scorer: a\nresources: {instance_type: big}\nmodel: {path: m, description: x, tags: {}}\n"
        "environment: {build: {path: .}}\n",
    )
    notices = composed().notices
    assert any("resources.instance_type" in notice for notice in notices)
    assert any("environment.build" in notice for notice in notices)
    assert not any("model" in notice for notice in notices)


def test_values_are_read_by_the_type_of_their_key(workspace: Path, write: Any) -> None:
    write(
        DEPLOYMENT,
        "scorer:\n  name: 007\n  params: {a: 007, b: 5, c: yes, d: '5', e: , f: 1e3}\n"
        "model: {version: 1.10, path: /m}\nmini_batch_size: '7'\ntags: {a: yes, b: 1_000, c: }\n"
        "mini_batch_bytes: 4 MiB\nresources: {memory_limit: 1000}\ninput: one\nretry_settings:\n",
    )
    settings = composed().settings
    assert settings.scorer.name == "007"
    params = {"a": "007", "b": 5, "c": True, "d": "5", "e": None, "f": 1000.0}
    assert settings.scorer.params == params
    assert settings.model.version == "1.10"
    assert settings.mini_batch_size == 7
    assert settings.tags == {"a": "yes", "b": "1_000", "c": ""}
    assert settings.mini_batch_bytes == 4 * 1024**2
    assert settings.resources.memory_limit == 1000


def test_paths_are_relative_to_the_file_and_in_overrides_to_the_working_directory(
    workspace: Path, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(DEPLOYMENT, "scorer: a\nmodel: {path: ../../m.pt}\noutput: {path: s3://b/out}\n")
    below = workspace / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    settings = compose(["endpoint=digits", "input=x"]).settings
    assert settings.model.path == str(workspace / "conf/m.pt")
    assert settings.output.path == "s3://b/out"
    assert settings.input == (str(below / "x"),)
    assert settings.workspace == str(workspace / ".framework")


def test_config_yaml_sets_the_workspace_and_defaults(workspace: Path, write: Any) -> None:
    write(
        "conf/config.yaml",
        "workspace: ../jobs\nindex_url: sqlite:///x.db\nplugins: [a.b]\nplugins_disabled: c\n"
        "default_datastore: blobs\nresources: {instance_count: 3}\n",
    )
    settings = composed().settings
    assert settings.workspace == str(workspace / "jobs")
    assert (settings.plugins, settings.plugins_disabled) == (("a.b",), ("c",))
    assert settings.default_datastore == "blobs"
    assert settings.resources.instance_count == 3


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("workspace: x\nscorer: a\n", "workspace: belongs in conf/config.yaml"),
        ("scorer: a\nendpoint: x\n", "endpoint: belongs to an invocation"),
        ("scorer: a\nname: other\n", "the file is called 'torch'"),
        ("scorer: a\nendpoint_name: other\n", "the folder is called 'digits'"),
        ("scorer: a\ntype: pipeline\n", "must be model"),
        ("scorer: a\nmini_batch_size: 3\nsettings: {mini_batch_size: 4}\n", "written twice"),
        ("scorer: a\nsettings: 3\n", "settings: must have settings as keys"),
        ("scorer: a\nretry_settings: [3]\n", "retry_settings: has keys of its own"),
        ("scorer: a\ntags: x\n", "tags: has keys of its own"),
        ("scorer: a\nmini_batch_size: [1]\n", "must be a whole number, is a list"),
        ("scorer: a\nmini_batch_size:\n", "must be a whole number, is null"),
        ("scorer: a\nmini_batch_size: ???\n", "has no value yet"),
        ("scorer: a\ninput: [{a: b}]\n", "input: must be"),
        ("scorer: a\noutput_file_name: {a: b}\n", "must be text, and has no key 'a'"),
    ],
)
def test_what_a_deployment_can_not_say_is_refused(
    workspace: Path, write: Any, text: str, hint: str
) -> None:
    write(DEPLOYMENT, text)
    if "input:" in text:
        with pytest.raises(ConfigurationError, match=hint):
            compose(["endpoint=digits"])
    else:
        assert hint in said()
        assert f"({DEPLOYMENT}" in said()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("default: x\n", "did you mean 'defaults'"),
        ("mini_batch_size: 3\n", "did you mean 'settings.mini_batch_size'"),
        ("defaults: torch\n", "deployment_name"),
        ("defaults: {deployment: torch}\n", "deployment_name"),
        ("auth_mode: none\n", "key or aad_token"),
        ("settings: 3\n", "must have settings as keys"),
        ("name: other\n", "the file is called 'digits'"),
    ],
)
def test_what_an_endpoint_can_not_say_is_refused(
    workspace: Path, write: Any, text: str, hint: str
) -> None:
    write("conf/endpoint/digits.yaml", text)
    with pytest.raises(ConfigurationError, match=hint):
        composed("deployment=torch")


@pytest.mark.parametrize("name", ["ab", "1abc", "abc-", "a_bc", "a" * 33])
def test_an_endpoint_has_a_name_that_azure_would_take(write: Any, name: str) -> None:
    write("conf/config.yaml", "")
    write(f"conf/endpoint/{name}.yaml", "defaults: {deployment_name: d}\n")
    write(f"conf/deployment/{name}/d.yaml", "scorer: a\n")
    with pytest.raises(ConfigurationError, match="is no name for an endpoint"):
        compose([f"endpoint={name}", "input=x"])


def test_a_job_has_no_name_from_a_file(workspace: Path, write: Any) -> None:
    write("conf/config.yaml", "name: x\n")
    assert "name: belongs to an invocation" in said()
