from __future__ import annotations

from typing import Any

import pytest

from framework.config.editing import Editor, Request, parse_keys, parse_settings
from framework.config.editing.addresses import Address, Kind
from framework.config.texts import Plain
from framework.errors import ConfigurationError


@pytest.mark.parametrize(
    ("kind", "text", "key", "value"),
    [
        ("deployment", "mini_batch_size=20", ("mini_batch_size",), Plain("20")),
        ("deployment", "retry_settings.timeout=1.5", ("retry_settings", "timeout"), Plain("1.5")),
        ("deployment", "resources.memory_limit=4GiB", ("resources", "memory_limit"), "4GiB"),
        ("deployment", "output.header=no", ("output", "header"), Plain("no")),
        ("deployment", "description=yes", ("description",), "yes"),
        ("deployment", "description=", ("description",), ""),
        ("deployment", "model.version=007", ("model", "version"), "007"),
        ("deployment", "model.name=null", ("model", "name"), None),
        ("deployment", "tags.a.b=1", ("tags", "a.b"), "1"),
        ("deployment", "environment_variables.A=1=2", ("environment_variables", "A"), "1=2"),
        ("deployment", "scorer.params.n=3", ("scorer", "params", "n"), Plain("3")),
        ("deployment", "scorer.params.l=[1, b]", ("scorer", "params", "l"), ["1", "b"]),
        ("deployment", "resources={instance_count: 2}", ("resources",), {"instance_count": "2"}),
        ("deployment", "model=azureml:m:1", ("model",), "azureml:m:1"),
        ("deployment", "input_include=[a, b]", ("input_include",), ["a", "b"]),
        ("deployment", "name=${oc.env:N}", ("name",), "${oc.env:N}"),
        ("endpoint", "defaults.deployment_name=1", ("defaults", "deployment_name"), Plain("1")),
        ("endpoint", "properties.a.b=1", ("properties", "a.b"), "1"),
        ("endpoint", "settings.mini_batch_size=3", ("settings", "mini_batch_size"), Plain("3")),
        ("compute", "wait_timeout=60", ("wait_timeout",), Plain("60")),
        ("compute", "max_instances=4", ("max_instances",), Plain("4")),
        ("datastore", "account_name=007", ("account_name",), "007"),
    ],
)
def test_a_value_is_read_by_its_keys_type(
    kind: Kind, text: str, key: tuple[str, ...], value: Any
) -> None:
    (setting,) = parse_settings(kind, [text])
    assert (setting.key, setting.value) == (key, value)
    assert isinstance(setting.value, Plain) == isinstance(value, Plain)


def test_all_that_are_no_settings_are_said_together() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_settings("deployment", ["mini_batch_size", "=3", "a..b=1", "x=\udcff", "tags.a=b"])
    assert [problem.key for problem in caught.value.problems] == [
        "mini_batch_size",
        "",
        "a..b",
        "x",
    ]


def test_a_key_to_remove_must_be_there(editor: Editor) -> None:
    address = Address(kind="endpoint", name="digits")
    settings = parse_settings("endpoint", ["tags.team=blue", "description=x"])
    editor.save(Request(address=address, settings=settings))
    editor.save(Request(address=address, removed=parse_keys("endpoint", ["description"])))
    assert editor.config.with_name("endpoint").joinpath("digits.yaml").read_text() == (
        "name: digits\ntags:\n  team: blue\n"
    )
    wrong = Request(address=address, removed=parse_keys("endpoint", ["tags.taem", "name"]))
    with pytest.raises(ConfigurationError) as caught:
        editor.save(wrong)
    assert str(caught.value) == (
        "tags.taem: is not set, did you mean 'team'? (--remove)\nname: can't be removed (--remove)"
    )
