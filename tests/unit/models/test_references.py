from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import ModelError
from framework.models import ModelReference, parse_reference
from framework.models.references import check_name, check_version
from framework.models.version import folder_of, record_of
from framework.storage.paths import checked_relative


@pytest.mark.parametrize(
    ("text", "version", "found"),
    [
        ("m", None, ("m", None)),
        ("azureml:m", None, ("m", None)),
        ("azureml:m:3", None, ("m", "3")),
        ("m:1.10", None, ("m", "1.10")),
        ("azureml:m@latest", None, ("m", None)),
        ("m", "2", ("m", "2")),
        ("m", "latest", ("m", None)),
        ("m:2", "2", ("m", "2")),
        ("m@latest", "latest", ("m", None)),
    ],
)
def test_references_are_read_in_all_their_forms(text, version, found):
    assert parse_reference(text, version) == ModelReference(*found)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("", None),
        ("azureml:", None),
        ("m:", None),
        ("m@champion", None),
        ("m:1", "2"),
        ("m@latest", "2"),
        ("azureml://registries/azureml/models/m/versions/1", None),
        ("../m", None),
        ("m:../../x", None),
        ("m", "../1"),
        ("m", "1.json"),
        ("a/b", None),
        (".m", None),
        ("m\n", "1\n"),
    ],
)
def test_what_is_no_reference_is_refused_in_one_line(text, version):
    if text == "m\n":
        text = "m\n:1"
    with pytest.raises(ModelError) as raised:
        parse_reference(text, version)
    assert "\n" not in str(raised.value)


@given(st.text(), st.text())
def test_no_name_leads_out_of_the_registry(name, version):
    try:
        check_name(name)
        check_version(name, version)
    except ModelError:
        return
    for path in (folder_of(name, version), record_of(name, version)):
        assert checked_relative(path) == path
        assert path.split("/")[:2] == ["models", name]
        assert len(path.split("/")) == 3


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,30}", fullmatch=True))
def test_a_written_reference_is_read_back(name):
    assert parse_reference(str(ModelReference(name))) == ModelReference(name)
    assert parse_reference(f"azureml:{name}:1") == ModelReference(name, "1")


@pytest.mark.parametrize("name", ["../x", "a/b", "/x", ".x", "", "x" * 255, "a:b", "a\0"])
def test_nothing_is_registered_under_a_name_that_is_no_plain_one(local, net, name):
    with pytest.raises(ModelError):
        local.register(name, net)
    with pytest.raises(ModelError):
        local.register("m", net, version=name)
    assert not local.store.exists("models")
