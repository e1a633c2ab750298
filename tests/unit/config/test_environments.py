from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.config import Composition, compose
from framework.errors import ConfigurationError, NotFoundError
from framework.settings import Environment

DEPLOYMENT = "conf/deployment/digits/torch.yaml"


@pytest.fixture(autouse=True)
def registry(workspace: Path, write: Any) -> Path:
    write("conf/environment/env.yaml", "name: env\nversion: 10\nimage: new\nconda_file: c.yaml\n")
    write("conf/environment/env@9.yaml", "image: older\n")
    write("conf/environment/env@2.yaml", "image: oldest\n")
    return workspace


def composed(*overrides: Any) -> Composition:
    return compose(["endpoint=digits", "input=x", *overrides])


def environment(*overrides: Any) -> Environment:
    return composed(*overrides).settings.environment


@pytest.mark.parametrize(
    ("reference", "image"),
    [
        ("azureml:env:10", "new"),
        ("azureml:env@latest", "new"),
        ("azureml:env", "new"),
        ("env", "new"),
        ("azureml:env:9", "older"),
        ("env:2", "oldest"),
    ],
)
def test_a_reference_fills_in_what_the_file_says(reference: str, image: str) -> None:
    found = environment(f"environment={reference}")
    assert (found.name, found.image) == ("env", image)


def test_paths_are_relative_to_the_environments_file(registry: Path) -> None:
    made = composed("environment=azureml:env")
    assert made.settings.environment.conda_file == str(registry / "conf/environment/c.yaml")
    assert made.origins["environment.conda_file"] == "conf/environment/env.yaml"


def test_what_is_said_beside_the_reference_counts(write: Any) -> None:
    write(DEPLOYMENT, "scorer: a\nenvironment: {name: azureml:env:9, image: mine}\n")
    assert environment().image == "mine"


def test_a_reference_takes_the_place_of_what_an_older_layer_describes(write: Any) -> None:
    write("conf/config.yaml", "environment: {image: general, conda_file: general.yaml}\n")
    write(DEPLOYMENT, "scorer: a\nenvironment: {name: azureml:env:9}\n")
    assert environment() == Environment(**{**vars(environment()), "image": "older"})
    assert environment().conda_file is None


def test_an_environment_that_is_described_is_not_looked_up(write: Any) -> None:
    write(DEPLOYMENT, "scorer: a\nenvironment: {name: mine, image: i}\n")
    assert (environment().name, environment().image) == ("mine", "i")


def test_current_is_this_interpreter() -> None:
    assert environment("environment=current") == Environment(name="current")


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("azureml:evn:1", "did you mean 'env'?"),
        ("azureml:env:3", "has no version '3': there is '10', '9', '2'"),
        ("azureml:AzureML-sklearn-1.0-ubuntu20.04-py38-cpu@latest", "environment=current"),
        ("azureml:env@9", "has the label '9'"),
        ("azureml://registries/azureml/environments/x/versions/1", "environment=current"),
        ("../env", "is no reference"),
    ],
)
def test_what_is_not_there_says_what_is(reference: str, said: str) -> None:
    with pytest.raises((NotFoundError, ConfigurationError)) as caught:
        composed(f"environment={reference}")
    assert said in str(caught.value)


def test_a_version_that_the_file_denies_is_refused(write: Any) -> None:
    write("conf/environment/env@9.yaml", "version: 8\nimage: older\n")
    with pytest.raises(ConfigurationError, match="but the file is called"):
        composed("environment=azureml:env:9")


def test_parts_of_what_a_file_says_come_from_that_file(write: Any) -> None:
    write("conf/environment/env.yaml", "conda_file:\n  dependencies: [pip]\n")
    made = composed("environment=azureml:env")
    assert made.origin_of("environment.conda_file.dependencies") == "conf/environment/env.yaml"
