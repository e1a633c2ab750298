from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.config.azureml import (
    Asset,
    BrokenReferenceError,
    DatastorePath,
    is_datastore_path,
    is_reference,
    read_asset,
    read_datastore_path,
)

LONG = "azureml:/subscriptions/1/resourceGroups/g/providers/Microsoft.MachineLearningServices"
WORKSPACE = "subscriptions/1/resourcegroups/g/workspaces/w"
NAMES = st.text("abcXYZ019._-", min_size=1, max_size=20).filter(lambda name: name.strip("."))


@pytest.mark.parametrize(
    ("text", "asset"),
    [
        ("azureml:env:1", Asset("env", "1")),
        ("azureml:env", Asset("env")),
        ("azureml:env@latest", Asset("env")),
        ("env:2.1", Asset("env", "2.1")),
        ("AzureML:env:1", Asset("env", "1")),
        (f"{LONG}/workspaces/w/environments/env/versions/7", Asset("env", "7")),
        (f"{LONG}/workspaces/w/environments/env/labels/latest", Asset("env")),
        ("azureml://locations/x/workspaces/y/environments/env/versions/7", Asset("env", "7")),
    ],
)
def test_a_reference_to_an_asset_is_read_in_each_of_azures_forms(text: str, asset: Asset) -> None:
    assert read_asset(text, "environment") == asset


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("azureml:", "is no reference to a environment: write azureml:NAME:VERSION"),
        ("azureml:env:", "is no reference"),
        ("azureml:env:1:2", "is no reference"),
        ("azureml:a b:1", "is no reference"),
        ("azureml:env@prod", "has the label 'prod': only @latest is known"),
        ("azureml:@latest", "label"),
        ("azureml://registries/azureml/environments/x/versions/1", "environment=current"),
        (f"{LONG}/workspaces/w/models/m/versions/7", "can't be reached"),
        ("azureml://jobs/j/outputs/o", "output of a job"),
    ],
)
def test_what_leads_nowhere_says_why(text: str, said: str) -> None:
    with pytest.raises(BrokenReferenceError) as caught:
        read_asset(text, "environment")
    assert said in str(caught.value)


def test_a_path_in_a_datastore_without_its_word_is_no_asset_of_azures() -> None:
    with pytest.raises(BrokenReferenceError, match="write azureml://datastores/lake/paths/x"):
        read_asset("azureml://datastores/lake/x", "data asset")


@given(NAMES, NAMES)
def test_a_name_and_a_version_are_read_as_they_were_written(name: str, version: str) -> None:
    assert read_asset(f"azureml:{name}:{version}", "data asset") == Asset(name, version)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("azureml://datastores/lake/paths/a/b c#.png", DatastorePath("lake", "a/b c#.png")),
        ("azureml://datastores/lake/paths/", DatastorePath("lake", "")),
        ("azureml://datastores/lake/paths", DatastorePath("lake", "")),
        ("azureml://datastores/lake", DatastorePath("lake", "")),
        ("azureml://datastores/lake/paths//etc/passwd", DatastorePath("lake", "etc/passwd")),
        (f"azureml://{WORKSPACE}/datastores/lake/paths/a", DatastorePath("lake", "a")),
        (
            f"{LONG}/workspaces/w/datastores/lake/paths/a/".replace(":/", "://"),
            DatastorePath("lake", "a/"),
        ),
    ],
)
def test_a_path_in_a_datastore_is_read_in_each_of_azures_forms(
    text: str, path: DatastorePath
) -> None:
    assert is_reference(text)
    assert is_datastore_path(text)
    assert read_datastore_path(text) == path


@pytest.mark.parametrize(
    "path", ["..", "../x", "a/../../x", "a/..", "%2e%2e/x", "a/%2E./x", "..\\x", "/../x"]
)
def test_no_path_leaves_its_datastore(path: str) -> None:
    with pytest.raises(BrokenReferenceError, match="stays in its datastore"):
        read_datastore_path(f"azureml://datastores/lake/paths/{path}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("azureml://lake/paths/x", "azureml://datastores/NAME/paths/PATH"),
        ("azureml://datastores/", "azureml://datastores/NAME/paths/PATH"),
        ("azureml://datastores/lake/path/x", "write azureml://datastores/lake/paths/x"),
        ("azureml://datastores/lake/x/y", "write azureml://datastores/lake/paths/x/y"),
        ("azureml:x:1", "azureml://datastores/NAME/paths/PATH"),
        ("azureml://jobs/j/outputs/artifacts/paths/model", "output of a job"),
        ("azureml://registries/r/models/m/versions/1", "give model.path"),
        ("azureml://registries/r/data/m/versions/1", "give the path or URL"),
    ],
)
def test_what_is_no_path_in_a_datastore_says_what_is(text: str, said: str) -> None:
    with pytest.raises(BrokenReferenceError) as caught:
        read_datastore_path(text)
    assert said in str(caught.value)
