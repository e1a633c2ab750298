from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.config import compose, overrides_of, shown

AD_HOC = ("scorer.name=a", "input=/data")


def test_yaml_has_a_line_for_each_key_with_its_origin(workspace: Path) -> None:
    text = compose(["endpoint=digits", "input=/x", "mini_batch_size=4"]).to_yaml(origin=True)
    lines = {line.split(":")[0].strip(): line for line in text.splitlines()}
    assert lines["mini_batch_size"].endswith("# override")
    assert lines["timeout"].endswith("# conf/deployment/digits/torch.yaml")
    assert lines["team"].endswith("# conf/deployment/digits/torch.yaml")
    assert lines["keep_alive"].endswith("# default")


@given(
    tags=st.dictionaries(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1),
        st.text(st.characters(exclude_characters="\0=@", exclude_categories=["Cs"])),
    ),
    is_with_origin=st.booleans(),
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
def test_yaml_reads_back_as_what_is_shown(tags: dict[str, str], is_with_origin: bool) -> None:
    made = compose(
        [*AD_HOC, *overrides_of({"tags": tags, "scorer.params": {"x": [1, 2.5, None, *tags]}})]
    )
    assert yaml.safe_load(made.to_yaml(origin=is_with_origin)) == shown(made.document)


def test_what_looks_like_a_secret_is_masked_and_references_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("X", "geheim")
    made = compose(
        [
            *AD_HOC,
            "+environment_variables.DB_PASSWORD=geheim",
            "+environment_variables.HF_TOKEN=${oc.env:X}",
            "+environment_variables.MODE=fast",
            "+scorer.params.auth.apiKey=geheim",
            "+scorer.params.tokenizer=bert",
            "+compute.sas=geheim",
            "index_url=postgresql://me:geheim@host/db",
        ]
    )
    text = made.to_yaml()
    assert "geheim" not in text
    seen = shown(made.document)
    assert seen["environment_variables"] == {
        "DB_PASSWORD": "***",
        "HF_TOKEN": "${oc.env:X}",
        "MODE": "fast",
    }
    assert seen["scorer"]["params"]["tokenizer"] == "bert"
    assert seen["index_url"] == "postgresql://me:***@host/db"
