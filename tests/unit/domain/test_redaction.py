from __future__ import annotations

import pytest

from framework.domain.redaction import looks_secret, masked, without_signatures


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://a.blob.core.windows.net/c/x?sv=1&se=2&sig=S", "https://a.blob.core.windows.net/c/x"),
        ("https://h/x?id=5&token=S", "https://h/x?id=5"),
        ("https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Signature=S&versionId=7",
         "https://b.s3.amazonaws.com/k?versionId=7"),
        ("can't read 'https://h/x?sig=S', sorry", "can't read 'https://h/x', sorry"),
        ("?sv=2&sig=S=", ""),
        ("sv=2&sig=S", ""),
        ("postgresql://me:S@host/db", "postgresql://me:***@host/db"),
        ("AccountName=a;AccountKey=S==;E=1", "AccountName=a;AccountKey=***;E=1"),
    ],
)  # fmt: skip
def test_signatures_and_passwords_are_taken_out(text: str, kept: str) -> None:
    assert without_signatures(text) == kept
    assert without_signatures(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        "year=2024/*.parquet",
        "data/token=5/?x=3",
        "https://h/x?id=5&se=2",
        "https://h/x?id=5&token=${oc.env:T}",
        "postgresql://me:${oc.env:P}@host/db",
        "abfss://container@account.dfs.core.windows.net/x",
        "mail me@host: a=b",
        "",
    ],
)
def test_all_else_stays(text: str) -> None:
    assert without_signatures(text) == text


@pytest.mark.parametrize(
    "key",
    ["API_TOKEN", "accountKey", "sas", "key", "db-password", "AWS_SECRET_ACCESS_KEY", "apikey"],
)
def test_a_secrets_name_is_known(key: str) -> None:
    assert looks_secret(key)


@pytest.mark.parametrize(
    "key", ["monkey", "keyboard", "tokenizer", "max_tokens", "compass", "keep"]
)
def test_a_name_that_only_resembles_one_is_not(key: str) -> None:
    assert not looks_secret(key)


def test_a_document_is_masked_below_its_root() -> None:
    document = {
        "input": ["https://h/x?sv=1&sig=S"],
        "environment_variables": {"API_TOKEN": "S", "PLAIN": "x", "B_TOKEN": "${oc.env:B}"},
        "params": {"secrets": {"deep": 7, "on": True, "none": None}},
        "mini_batch_size": 7,
    }
    assert masked(document) == {
        "input": ["https://h/x"],
        "environment_variables": {"API_TOKEN": "***", "PLAIN": "x", "B_TOKEN": "${oc.env:B}"},
        "params": {"secrets": {"deep": "***", "on": True, "none": None}},
        "mini_batch_size": 7,
    }
