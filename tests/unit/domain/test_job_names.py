from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.job_names import is_job_name, why_no_job_name


@pytest.mark.parametrize(
    "name", ["a", "0", "_x", "mnist-batch-20261123-133343-ab12", "v1.2", "a" * 255]
)
def test_a_plain_name_is_one(name):
    assert is_job_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "/etc",
        "a\\b/..",
        ".hidden",
        "a..b",
        "-n",
        "a b",
        "é",
        "a\n",
        "a\0",
        "a" * 256,
    ],
)
def test_what_could_lead_elsewhere_or_be_misread_is_none(name):
    assert not is_job_name(name)


@given(st.text())
def test_a_name_is_one_step_down(text):
    if is_job_name(text):
        assert "/" not in text
        assert text not in {"", ".", ".."}


def test_what_is_said_of_an_endless_name_is_short():
    assert len(why_no_job_name("x/" * 10_000)) < 300
