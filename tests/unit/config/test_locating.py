from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.config import Composition, compose, restore
from framework.errors import ConfigurationError, NotFoundError
from framework.storage import open_input

LAKE = "azureml://datastores/lake/paths"
SECRET = "do-not-show-me"


@pytest.fixture(autouse=True)
def registry(workspace: Path, write: Any) -> Path:
    write("conf/datastore/lake.yaml", "type: local\npath: ../../lake\n")
    write("conf/data/digits.yaml", f"version: 2\npath: {LAKE}/digits\n")
    write("conf/data/digits@1.yaml", "type: uri_file\npath: ../../old/one.png\n")
    return workspace


def composed(*overrides: Any, **kwargs: Any) -> Composition:
    return compose(["scorer=a", *overrides], **kwargs)


def said(*overrides: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        composed(*overrides)
    return str(caught.value)


def test_a_path_in_a_datastore_leads_below_its_root(registry: Path) -> None:
    made = composed(
        f"input={LAKE}/a b/*.png", f"output={LAKE}/out", f"model.path={LAKE}/m", f"workspace={LAKE}"
    )
    lake = registry / "lake"
    assert made.settings.input == (str(lake / "a b/*.png"),)
    assert made.settings.output.path == str(lake / "out")
    assert made.settings.model.path == str(lake / "m")
    assert made.settings.workspace == str(lake)
    assert made.document["input"] == [str(lake / "a b/*.png")]
    assert made.origins["input"] == "override, via conf/datastore/lake.yaml"


def test_a_data_asset_brings_its_path_and_its_type(registry: Path) -> None:
    latest, first = composed("input=azureml:digits"), composed("input=azureml:digits:1")
    assert latest.settings.input == (str(registry / "lake/digits"),)
    assert latest.settings.input_type == "uri_folder"
    assert first.settings.input == (str(registry / "old/one.png"),)
    assert first.settings.input_type == "uri_file"
    through = "override, via conf/data/digits.yaml, conf/datastore/lake.yaml"
    assert latest.origins["input"] == through


def test_several_items_may_be_references_and_paths(registry: Path) -> None:
    made = composed("input=[azureml:digits:1, x, '@azureml://datastores/lake/paths/list.txt']")
    lake = registry / "lake"
    assert made.settings.input == (
        str(registry / "old/one.png"),
        str(registry / "x"),
        f"@{lake}/list.txt",
    )
    assert made.settings.input_type is None


def test_a_type_that_the_data_does_not_have_is_refused() -> None:
    assert "is uri_file, but the data is a uri_folder" in said(
        "input=azureml:digits", "input_type=uri_file"
    )


def test_azures_own_way_to_write_an_input_is_read(registry: Path) -> None:
    made = composed("input.path=x", "input.type=UriFile")
    assert made.settings.input == (str(registry / "x"),)
    assert made.settings.input_type == "uri_file"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("azureml:digts", "there is no data named 'digts', did you mean 'digits'?"),
        ("azureml:digits:3", "data 'digits' has no version '3': there is '2', '1'"),
        ("azureml://datastores/lak/paths/x", "no datastore named 'lak', did you mean 'lake'?"),
        ("azureml://datastores/..%2Flake/paths/x", "there is no datastore named"),
    ],
)
def test_what_is_not_there_is_not_found(reference: str, message: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        composed(f"input={reference}")
    assert message in str(caught.value)


def test_azures_own_datastore_is_told_from_the_default_one(write: Any) -> None:
    write("conf/config.yaml", "default_datastore: lake\n")
    with pytest.raises(NotFoundError, match="did you mean 'lake', the default_datastore"):
        composed("input=azureml://datastores/workspaceblobstore/paths/x")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (f"input={LAKE}/../x", "stays in its datastore"),
        ("input=azureml://jobs/j/outputs/o", "output of a job"),
        ("model.path=runs:/1/model", "tracking server"),
        ("model.path=azureml:m:1", "write model=azureml:m:1"),
        ("model=azureml://registries/azureml/models/m/versions/1", "give model.path"),
        ("output.path=azureml:digits", "is no path in a datastore"),
    ],
)
def test_what_leads_nowhere_is_a_problem_of_its_key(override: str, message: str) -> None:
    problem = said("input=x", override) if not override.startswith("input") else said(override)
    assert message in problem
    assert problem.startswith((override.partition("=")[0], "model.path"))


def test_a_broken_file_says_what_is_wrong_with_it(write: Any) -> None:
    write("conf/datastore/lake.yaml", "type: local\npth: x\n")
    problem = said(f"input={LAKE}/x")
    assert "did you mean 'path'? (conf/datastore/lake.yaml:2)" in problem


def test_a_file_that_no_path_leads_through_may_be_broken(write: Any) -> None:
    write("conf/datastore/other.yaml", "type: [\n")
    assert composed(f"input={LAKE}/x").settings.input


def test_what_opens_a_store_travels_by_its_url(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_KEY", SECRET)
    write(
        "conf/datastore/s.yaml",
        "type: s3\nbucket: b\nregion: eu\n"
        "credentials: {secret_access_key: '${oc.env:STORE_KEY}'}\n",
    )
    made = composed("input=azureml://datastores/s/paths/images")
    options = {"secret": SECRET, "client_kwargs": {"region_name": "eu"}}
    assert made.settings.input == ("s3://b/images",)
    assert made.settings.storage_options == {"s3://b": options}
    assert made.document["storage_options"]["s3://b"]["secret"] == "${oc.env:STORE_KEY}"
    assert SECRET not in f"{made.document}{made.to_yaml(origin=True)}{made!r}{made.settings!r}"
    assert restore(made.document).settings.storage_options == {"s3://b": options}


def test_a_plain_secret_is_used_and_not_stored(write: Any, workspace: Path) -> None:
    write(
        "conf/datastore/s.yaml", f"type: s3\nbucket: b\ncredentials: {{session_token: {SECRET}}}\n"
    )
    made = composed("input=azureml://datastores/s/paths/images")
    assert made.settings.storage_options == {"s3://b": {"token": SECRET}}
    assert SECRET not in f"{made.document}{made.to_yaml()}{made.notices}"
    assert any("looks like a secret" in notice for notice in made.notices)
    conf = workspace / "conf/config.yaml"
    assert restore(made.document, conf=conf).settings.storage_options["s3://b"]["token"] == SECRET
    with pytest.raises(ConfigurationError, match="was not stored"):
        restore(made.document)


def test_a_resumed_job_may_be_given_another_reference(registry: Path) -> None:
    made = composed("input=x")
    again = restore(made.document, [f"input={LAKE}/y"], conf=registry / "conf/config.yaml")
    assert again.settings.input == (str(registry / "lake/y"),)


def test_two_datastores_at_one_url_must_be_opened_alike(write: Any) -> None:
    for name, region in (("s", "eu"), ("t", "us")):
        write(f"conf/datastore/{name}.yaml", f"type: s3\nbucket: b\nregion: {region}\n")
    text = "input=[azureml://datastores/s/paths/a, azureml://datastores/t/paths/a]"
    assert "one job can't use both" in said(text)


def test_names_with_reference_marks_are_literal(registry: Path) -> None:
    odd = r"\${oc.env:NOT_A_VARIABLE}#'é"
    made = composed(f"input={LAKE}/{odd}")
    assert made.settings.input == (f"{registry}/lake/{odd[1:]}",)
    assert restore(made.document).settings.input == made.settings.input


def test_paths_in_datastores_may_stand_in_a_list(registry: Path) -> None:
    (registry / "lake").mkdir()
    for name in ("a.txt", "b c.txt"):
        (registry / "lake" / name).write_text("x")
    (registry / "list.txt").write_text(f"{LAKE}/b c.txt\n{registry}/lake/a.txt\n")
    settings = composed("input=@list.txt").settings
    listing = open_input(settings.input, options=settings.storage_options)
    assert [file.path for file in listing.files()] == ["a.txt", "b c.txt"]


def test_a_datastore_that_a_list_refers_to_has_to_be_there(registry: Path) -> None:
    (registry / "list.txt").write_text("azureml://datastores/lage/paths/a\n")
    with pytest.raises(NotFoundError, match="did you mean 'lake'"):
        composed("input=@list.txt")


def test_a_datastore_opens_every_url_below_its_root(write: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("PLANTED", SECRET)
    options = "options: {secret: '${oc.env:PLANTED}', client_kwargs: {region_name: eu}}"
    write("conf/datastore/wide.yaml", "url: s3://bucket\noptions: {anon: true}\n")
    write("conf/datastore/narrow.yaml", f"url: s3://bucket/images\n{options}\n")
    write("conf/datastore/broken.yaml", "type: nothing\n")
    made = composed("input=s3://bucket/images/2026", "output.path=s3://bucket/imagesque")
    assert made.settings.storage_options == {
        "s3://bucket": {"anon": True},
        "s3://bucket/images": {"secret": SECRET, "client_kwargs": {"region_name": "eu"}},
    }
    assert SECRET not in str(made.document)
    assert composed("input=s3://other").settings.storage_options == {}
    assert composed("input=in", "workspace=s3://bucket/ws").settings.storage_options.keys() == {
        "s3://bucket"
    }


def test_options_that_are_given_for_a_url_are_not_replaced(write: Any) -> None:
    write("conf/datastore/wide.yaml", "url: s3://bucket\noptions: {anon: true}\n")
    made = composed("input=s3://bucket/in", ("storage_options", {"s3://bucket": {"anon": False}}))
    assert made.settings.storage_options == {"s3://bucket": {"anon": False}}


def test_local_inputs_are_uploaded_to_the_default_datastore_where_instances_are_elsewhere(
    registry: Path, write: Any
) -> None:
    write("conf/datastore/away.yaml", "url: s3://bucket/up\noptions: {anon: true}\n")
    write("conf/config.yaml", "default_datastore: azureml:away\n")
    write("conf/compute/far.yaml", "type: dask\nparams: {address: 'tcp://10.0.0.5:8786'}\n")
    assert composed("input=in").settings.uploads is None
    far = composed("input=in", "compute=far")
    assert far.settings.uploads == "s3://bucket/up"
    assert far.settings.storage_options == {"s3://bucket/up": {"anon": True}}
    assert (
        composed("input=in", "compute=far", "uploads=s3://other").settings.uploads == "s3://other"
    )


def test_a_default_datastore_that_is_not_there_is_named_where_it_is_needed(
    registry: Path, write: Any
) -> None:
    write("conf/datastore/away.yaml", "url: s3://bucket/up\n")
    write("conf/config.yaml", "default_datastore: awai\n")
    write("conf/compute/far.yaml", "type: dask\nparams: {address: 'tcp://10.0.0.5:8786'}\n")
    assert composed("input=in").settings.uploads is None
    with pytest.raises(ConfigurationError, match=r"default_datastore: .*did you mean 'away'"):
        composed("input=in", "compute=far")
