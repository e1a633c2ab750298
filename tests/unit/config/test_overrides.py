from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.config import compose
from framework.errors import ConfigurationError
from framework.settings import Settings

AD_HOC = ("scorer.name=a", "input=/data")


def made(*overrides: Any) -> Settings:
    return compose([*AD_HOC, *overrides]).settings


def said(*overrides: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        compose([*AD_HOC, *overrides])
    return str(caught.value)


@pytest.mark.parametrize("form", ["", "+", "++"])
def test_on_a_declared_key_all_forms_set_it(form: str) -> None:
    assert made(f"{form}mini_batch_size=20").mini_batch_size == 20


@pytest.mark.parametrize(
    "value",
    [
        "year=2024/*.parquet",
        "?sv=1&se=2",
        "{a,b}",
        "(1)",
        "#x",
        "a: b",
        "[x].txt",
        "[*.png, *.jpg]",
        "ein weißer Ü / 日本 😀",
        " leading and trailing ",
        "yes",
        "007",
        "1_000",
        "~",
        "- a",
        "*.png",
        "&x",
        "!!python/object:os.system",
        "%s",
        "${name}",
        "$HOME",
        "`ls`",
        "line\nline",
        "'quoted'",
        '"quoted"',
        "\udcff",
    ],
)
def test_everything_after_the_first_equals_sign_is_the_value(value: str) -> None:
    assert made(f"input=/{value}").input == (f"/{value}",)
    assert (
        made(f"output_file_name=a{value}").output_file_name == f"a{value}"
        if ("/" not in value and value.isprintable() and value == value.strip())
        else True
    )
    assert made(f"+tags.x={value}").tags == {"x": value}
    assert made(f"model.version={value}").model.version == value


def test_null_is_no_value_where_there_may_be_none_and_a_text_elsewhere() -> None:
    assert made("output.separator=null").output.separator is None
    assert made("mini_batch_bytes=10", "mini_batch_bytes=null").mini_batch_bytes is None
    assert made("output_file_name=null").output_file_name == "null"
    assert made("+tags.x=null").tags == {"x": "null"}


def test_a_list_is_written_in_brackets(here: Path) -> None:
    assert made("input=[/a, '/b, c', \"/d\"]").input == ("/a", "/b, c", "/d")
    assert made("input=[]", "input=[ /x ]").input == ("/x",)
    assert made("input_include=[*.png]").input_include == ("[*.png]",)
    assert made("input=[[a], b]").input == (str(here / "[[a], b]"),)


def test_references_work_within_lists_and_params(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOT", "/root, [really]")
    composed = compose(
        ["scorer.name=a", "input=[${oc.env:ROOT}/a, /b]", "+scorer.params.x=[${oc.env:ROOT}, 1]"]
    )
    assert composed.settings.input == ("/root, [really]/a", "/b")
    assert composed.settings.scorer.params == {"x": ["/root, [really]", 1]}
    assert composed.document["input"] == ["${oc.env:ROOT}/a", "/b"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("007", "007"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("no", False),
        ("null", None),
        ("", ""),
        ("text", "text"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("[1, a, 'x y', null]", [1, "a", "x y", None]),
        ("'5'", "5"),
        ("a: b", "a: b"),
        ("#x", "#x"),
        ("[x].txt", "[x].txt"),
        ("*.png", "*.png"),
        ("!!str 5", "!!str 5"),
        ("&a b", "&a b"),
        ("${foo}", "${foo}"),
        ("9" * 400, "9" * 400),
    ],
)
def test_params_are_read_as_yaml_reads_a_value(written: str, value: Any) -> None:
    got = made(f"+scorer.params.x={written}").scorer.params["x"]
    assert got == value
    assert type(got) is type(value)


def test_mappings_are_written_in_braces_where_keys_are_expected() -> None:
    assert made("retry_settings={timeout: 5, max_retries: 2}").retry_settings.timeout == 5
    assert made("+tags={a: 007, b: x}").tags == {"a": "007", "b": "x"}
    assert made("+scorer.params.o={a: {b: 1}}", "scorer.params.o.a.b=2").scorer.params == {
        "o": {"a": {"b": 2}}
    }


def test_a_compute_s_own_setting_needs_no_plus() -> None:
    for form in ("compute.address=a", "+compute.address=a", "++compute.address=a"):
        assert compose([*AD_HOC, form]).settings.compute.params == {"address": "a"}


@pytest.mark.parametrize("key", ["tags.x", "environment_variables.X", "scorer.params.x"])
def test_in_an_open_map_plus_adds_and_a_plain_change_of_nothing_is_refused(key: str) -> None:
    assert f"+{key}=" in said(f"{key}=1")
    assert compose([*AD_HOC, f"+{key}=1", f"{key}=2", f"++{key}=3"])
    assert compose([*AD_HOC, f"++{key}=3"])


def test_plus_on_what_a_file_has_set_already_is_refused(workspace: Path) -> None:
    text = said("endpoint=digits", "+tags.team=x")
    assert "is set already (conf/deployment/digits/torch.yaml" in text
    assert compose(["endpoint=digits", "input=x", "++tags.team=x"]).settings.tags == {"team": "x"}
    assert compose(["endpoint=digits", "input=x", "tags.team=x"]).settings.tags == {"team": "x"}


def test_a_misspelt_key_of_an_open_map_names_the_nearest(workspace: Path) -> None:
    assert "did you mean tags.team?" in said("endpoint=digits", "tags.taem=x")
    assert "did you mean compute.wait_timeout?" in said("compute.wait_timeot=3")


def test_dots_belong_to_the_keys_of_maps_of_text() -> None:
    assert made("+environment_variables.a.b=1").environment_variables == {"a.b": "1"}
    assert made("+scorer.params.a.b=1").scorer.params == {"a": {"b": 1}}


def test_a_tilde_takes_a_key_back(workspace: Path) -> None:
    base = ["endpoint=digits", "input=x"]
    assert compose([*base, "~mini_batch_size"]).settings.mini_batch_size == 10
    assert compose([*base, "~tags.team"]).settings.tags == {}
    assert compose([*base, "~tags"]).settings.tags == {}
    assert compose([*base, "~retry_settings"]).settings.retry_settings.timeout == 30
    assert compose([*base, "~mini_batch_size=5"]).settings.mini_batch_size == 10
    assert compose([*base, "deployment=keras", "~deployment"]).settings.deployment == "torch"


def test_a_tilde_with_a_value_wants_the_key_to_have_it(workspace: Path) -> None:
    assert "is 5, not '6'" in said("endpoint=digits", "~mini_batch_size=6")
    assert "not set" in said("~tags.nothing")
    assert "did you mean 'mini_batch_size'" in said("~mini_batch_sise")


def test_a_secret_is_not_said_when_it_is_not_removed() -> None:
    text = said("+environment_variables.TOKEN=geheim", "~environment_variables.TOKEN=secret")
    assert "geheim" not in text
    assert "another value" in text


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("mnist-batch", "did you mean endpoint=mnist-batch?"),
        ("data/digits", "did you mean input=data/digits?"),
        ("mini_batch_size", "mini_batch_size=..."),
        ("=5", "names no key"),
        ("", "names no key"),
        ("+=5", "names no key"),
        ("~", "names no key"),
        ("a..b=1", "names no key"),
        ("tags.=1", "names no key"),
    ],
)
def test_what_is_no_override_is_said(written: str, hint: str) -> None:
    assert hint in said(written)


def test_a_group_that_gets_a_single_value_names_its_keys() -> None:
    assert "'resources.instance_count'" in said("resources=5")
    assert "environment_variables.KEY" in said("environment_variables=TOKEN=geheim")
    assert "geheim" not in said("environment_variables=TOKEN=geheim")


def test_one_name_stands_for_a_whole_group(here: Path) -> None:
    settings = made("model=m.pt", "environment=current", "output=out", "compute=azureml:local")
    assert settings.model.path == str(here / "m.pt")
    assert settings.environment.name == "current"
    assert settings.output.path == str(here / "out")
    assert settings.compute.name == "local"


def test_a_name_for_a_group_comes_before_its_keys_in_any_order() -> None:
    assert made("+scorer.params.n=1", "scorer=b").scorer.params == {"n": 1}
