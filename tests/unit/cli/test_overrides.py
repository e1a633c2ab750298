from __future__ import annotations

import click
import pytest

from framework.cli.invoke import invoke
from framework.cli.overrides import check_overrides


def meant(*words: str) -> str:
    """What is said of words that are no overrides."""
    with pytest.raises(click.UsageError) as caught:
        check_overrides(words, click.Context(invoke, info_name="invoke"))
    return caught.value.message


@pytest.mark.parametrize(
    "word",
    [
        "endpoint=mnist-batch",
        "+endpoint=mnist-batch",
        "++tags.team=blue",
        "~tags.team",
        "~output.path=x",
        "input=year=2024/*.parquet",
        "input=https://host/x?sv=1&sig=abc",
        "input=--odd",
        "input={a,b}",
        "error_threshold=-1",
        "model.version=",
        "input= with spaces ",
    ],
)
def test_the_four_forms_pass_untouched(word: str) -> None:
    check_overrides([word], click.Context(invoke))


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--mini_batch_size=3",), "mini_batch_size=3"),
        (("--mini-batch-size", "3"), "mini_batch_size=3"),
        (("--mini-batch-size",), "mini_batch_size=..."),
        (("--endpoint", "mnist-batch"), "endpoint=mnist-batch"),
        (("--input=data/",), "input=data/"),
        (("-input=data/",), "input=data/"),
        (("--retry_settings.timeout=60",), "retry_settings.timeout=60"),
        (("--timeout=60",), "retry_settings.timeout=60"),
        (("--instance-count=2",), "resources.instance_count=2"),
        (("--mini_batch_sise=3",), "mini_batch_size=3"),
        (("--output-path", "out/"), "output.path=out/"),
        (("--dry_run",), "'--dry-run'"),
        (("--no-progres",), "'--no-progress'"),
        (("--querry=name",), "'--query'"),
        (("endpoint", "=", "mnist"), "write endpoint=mnist without spaces"),
        (("endpoint", "=mnist"), "write endpoint=mnist without spaces"),
        (("endpoint=", "mnist"), "write endpoint=mnist without a space"),
        (("endpoint", "mnist"), "write endpoint=mnist"),
        (("=mnist",), "no key"),
        (("mini_batch_size:20",), "mini_batch_size=20"),
        (("data/images",), "input=data/images"),
        (("s3://bucket/x",), "input=s3://bucket/x"),
        (("mnist-batch",), "endpoint=mnist-batch"),
        (("",), "empty"),
        (("  ",), "empty"),
    ],
)
def test_what_was_meant_is_said(words: tuple[str, ...], hint: str) -> None:
    assert hint in meant(*words)


def test_a_signature_is_not_repeated() -> None:
    said = meant("--input=https://host/x?sv=2024&sig=SECRET")
    assert "SECRET" not in said
    assert "input=https://host/x" in said


def test_an_option_like_nothing_has_no_hint() -> None:
    assert meant("--zzzzzzzz") == "no option '--zzzzzzzz'"
