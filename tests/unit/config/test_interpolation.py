from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.config import compose, restore
from framework.errors import ConfigurationError

DEPLOYMENT = "conf/deployment/digits/torch.yaml"


def composed(write: Any, text: str, *overrides: str) -> Any:
    write(DEPLOYMENT, "scorer: a\n" + text)
    return compose(["endpoint=digits", "input=/x", *overrides])


def test_a_value_may_refer_to_another_from_the_root(workspace: Path, write: Any) -> None:
    made = composed(
        write,
        "tags: {a: '${endpoint}-${mini_batch_size}', b: '${tags.a}!', c: '${.a}'}\n"
        "max_concurrency_per_instance: ${mini_batch_size}\n"
        "environment_variables: {N: '${resources.instance_count}'}\n",
        "mini_batch_size=4",
    )
    assert made.settings.tags == {"a": "digits-4", "b": "digits-4!", "c": "digits-4"}
    assert made.settings.max_concurrency_per_instance == 4
    assert made.settings.environment_variables == {"N": "1"}
    assert made.document["tags"]["a"] == "digits-4"
    assert restore(made.document).settings == made.settings


def test_references_to_the_environment_stay_through_other_interpolation(
    workspace: Path, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHO", "me")
    made = composed(
        write,
        "tags: {a: '${oc.env:WHO}-${endpoint}', b: '<${tags.a}>', c: '${oc.env:NONE,x y}'}\n",
    )
    assert made.settings.tags == {"a": "me-digits", "b": "<me-digits>", "c": "x y"}
    assert made.document["tags"]["b"] == "<${oc.env:WHO}-digits>"
    assert restore(made.document).settings == made.settings


def test_a_text_of_an_override_is_no_interpolation(workspace: Path, write: Any) -> None:
    made = composed(write, "tags: {a: '${tags.b}'}\n", "+tags.b=${endpoint} ??? ${")
    assert made.settings.tags == {"a": "${endpoint} ??? ${", "b": "${endpoint} ??? ${"}


def test_a_backslash_makes_a_reference_literal(workspace: Path, write: Any) -> None:
    made = composed(write, r"tags: {a: '\${endpoint}', b: '\${oc.env:X}'}" + "\n")
    assert made.settings.tags == {"a": "${endpoint}", "b": "${oc.env:X}"}
    assert restore(made.document).settings == made.settings


@pytest.mark.parametrize(
    "value",
    ["${nothing}", "${tags.a}", "${tags.b", "${now:x}", "${oc.env:${endpoint}}", "${oc.env:}"],
)
def test_what_leads_nowhere_is_one_problem_with_key_and_place(
    workspace: Path, write: Any, value: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        composed(write, f"tags: {{a: '{value}'}}\n")
    (problem,) = caught.value.problems
    assert problem.key == "tags.a"
    assert problem.source.startswith(DEPLOYMENT)
    assert "\n" not in str(problem)


def test_a_relative_path_with_a_reference_survives_a_change_of_folder(
    workspace: Path, write: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SUB", "sub")
    made = composed(write, "model: {path: '${oc.env:SUB}/m.pt'}\n")
    assert made.settings.model.path == str(workspace / "conf/deployment/digits/sub/m.pt")
    monkeypatch.chdir(tmp_path)
    assert restore(made.document).settings == made.settings
    monkeypatch.setenv("SUB", "/abs")
    monkeypatch.chdir(workspace)
    assert (
        composed(write, "model: {path: '${oc.env:SUB}/m.pt'}\n").settings.model.path == "/abs/m.pt"
    )
