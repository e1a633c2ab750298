from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.config import compose, find_conf
from framework.errors import ConfigurationError


def test_the_nearest_conf_upwards_is_found(
    write: Any, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_conf() is None
    config = write("conf/config.yaml", "")
    below = here / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert find_conf() == config


def test_an_explicit_one_comes_before_the_variable_and_that_before_the_nearest(
    write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("conf/config.yaml", "")
    second, third = write("b/config.yaml", ""), write("c/conf/config.yaml", "")
    monkeypatch.setenv("FRAMEWORK_CONF", str(second))
    assert find_conf() == second
    assert find_conf("c/conf/config.yaml") == third
    assert find_conf("c/conf") == third
    assert find_conf("c") == third
    monkeypatch.setenv("FRAMEWORK_CONF", "")
    assert find_conf() != second


def test_one_that_was_named_and_is_not_there_is_an_error(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match=r"conf: 'nowhere' is not there \(--conf\)"):
        find_conf("nowhere")
    with pytest.raises(ConfigurationError, match=r"has no config\.yaml"):
        find_conf(".")
    monkeypatch.setenv("FRAMEWORK_CONF", "nowhere")
    with pytest.raises(ConfigurationError, match="FRAMEWORK_CONF"):
        compose(["scorer=a", "input=x"])


def test_files_may_end_in_yml(write: Any) -> None:
    write("conf/config.yaml", "")
    write("conf/endpoint/digits.yml", "defaults: {deployment_name: d}\n")
    write("conf/deployment/digits/d.yml", "scorer: a\n")
    assert compose(["endpoint=digits", "input=x"]).settings.deployment == "d"


def test_of_two_files_of_one_name_none_is_taken(write: Any) -> None:
    write("conf/config.yaml", "")
    write("conf/endpoint/digits.yml", "defaults: {deployment_name: d}\n")
    write("conf/endpoint/digits.yaml", "")
    said = r"digits\.yaml stands beside it, and only one of them can be meant \(.*digits\.yml\)"
    with pytest.raises(ConfigurationError, match=said):
        compose(["endpoint=digits", "input=x"])
