"""Whatever somebody types, or has in a file: settings come of it, or errors in people's words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from framework.config import compose
from framework.config.schema import dotted, fields
from framework.errors import FrameworkError

pytestmark = pytest.mark.usefixtures("here")
few = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "30")),
)

KEYS = sorted({dotted(key) for key, _ in fields()})
FILES = (
    "conf/config.yaml",
    "conf/endpoint/digits.yaml",
    "conf/deployment/digits/torch.yaml",
    "conf/compute/local.yaml",
    "conf/datastore/lake.yaml",
)
SOUND = {
    "conf/config.yaml": "mini_batch_size: 5\n",
    "conf/endpoint/digits.yaml": "name: digits\ndefaults: {deployment_name: torch}\n",
    "conf/deployment/digits/torch.yaml": "name: torch\nendpoint_name: digits\nscorer: {name: a}\n",
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path, text in SOUND.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FRAMEWORK_CONF", raising=False)
    return tmp_path


texts = st.text(st.characters(), max_size=20)
signs = st.text(st.sampled_from("[]{}:,#&*!|>'\"%@`$-+~=.? \n\t\0\ufeff\udcff0aé"), max_size=12)
words = (
    texts | signs | st.sampled_from(["null", "~", "1e400", "0x", "-1", ".inf", "${x}", "${", "???"])
)
overrides = (
    texts
    | signs
    | st.builds(
        "{}{}{}={}".format,
        st.sampled_from(["", "+", "++", "~"]),
        st.sampled_from(KEYS) | texts,
        st.sampled_from(["", ".", ".x", "[0]"]),
        words,
    )
    | st.builds("~{}".format, st.sampled_from(KEYS))
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=4,
)


def nested(key: str, value: Any) -> Any:
    for name in reversed(key.split(".")):
        value = {name: value}
    return value


def dumped(value: Any) -> str:
    return yaml.safe_dump(value, allow_unicode=True)


documents = (
    words
    | st.builds("{}: {}\n".format, st.sampled_from(KEYS) | words, words)
    | st.builds(nested, st.sampled_from(KEYS) | words, values).map(dumped)
    | values.map(dumped)
)


def check(*words: str) -> None:
    """Composes; what can't be is told in lines that say something."""
    message = _message([*words])
    assert message is None or message.strip()
    assert "Traceback" not in (message or "")


def _message(words: list[str]) -> str | None:
    try:
        compose(words, is_complete=False)
    except FrameworkError as error:
        return str(error)
    return None


@few
@given(st.lists(overrides, min_size=1, max_size=3))
@example(["a" * 10_000])
@example(["=" * 100])
@example(["+[[[[[="])
def test_any_overrides_are_settings_or_problems(words):
    check(*words)
    check("endpoint=digits", *words)


@few
@given(st.sampled_from(FILES), documents)
@example("conf/config.yaml", "a: &a [*a]\n")
@example("conf/config.yaml", "a: &a {<<: *a}\n")
@example("conf/config.yaml", "[" * 2_000)
@example("conf/config.yaml", "{" * 50_000)
@example("conf/endpoint/digits.yaml", "a: !!python/object/apply:os.abort []\n")
@example("conf/endpoint/digits.yaml", "? [a]\n: b\n")
@example("conf/config.yaml", "mini_batch_size: ${mini_batch_size}\n")
@example("conf/config.yaml", "tags: {a: '${tags.b}', b: '${tags.a}'}\n")
@example("conf/config.yaml", "x: 1\nx: 2\n")
def test_any_file_is_a_configuration_or_a_problem(here, path, text):
    target = here / path
    target.parent.mkdir(parents=True, exist_ok=True)
    before = target.read_bytes() if target.exists() else None
    target.write_bytes(text.encode("utf-8", "surrogateescape"))
    try:
        check("endpoint=digits", "input=azureml://datastores/lake/paths/x")
        check()
    finally:
        target.unlink() if before is None else target.write_bytes(before)


@few
@given(st.sampled_from(FILES), st.binary(max_size=30))
def test_any_bytes_in_a_file_are_a_configuration_or_a_problem(here, path, data):
    target = here / path
    target.parent.mkdir(parents=True, exist_ok=True)
    before = target.read_bytes() if target.exists() else None
    target.write_bytes(data)
    try:
        check("endpoint=digits")
    finally:
        target.unlink() if before is None else target.write_bytes(before)
