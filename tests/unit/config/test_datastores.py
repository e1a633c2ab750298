from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.config.changes import Layer, Source
from framework.config.datastores import Datastore, datastore_of
from framework.config.yaml_files import parse_mapping

FOLDER = Path("/conf/datastore")


def read(text: str) -> tuple[Datastore | None, Layer]:
    layer = Layer(source=Source(layer="x.yaml", folder=FOLDER, is_literal=False))
    return datastore_of(layer, parse_mapping(text)), layer


@pytest.mark.parametrize(
    ("text", "url", "options"),
    [
        ("type: local\npath: data\n", "/conf/datastore/data", {}),
        ("type: local\npath: ../../data\n", "/data", {}),
        ("type: Local\npath: /a b\n", "/a b", {}),
        ("url: memory://x/\n", "memory://x", {}),
        ("url: https://h/d\noptions: {ssl: no}\n", "https://h/d", {"ssl": "no"}),
        ("type: url\nurl: data\n", "/conf/datastore/data", {}),
        ("type: s3\nbucket: b\n", "s3://b", {}),
        (
            (
                "type: s3\nbucket: b\nprefix: /a/b/\nendpoint: http://h:9000\nregion: eu-1\n"
                "credentials: {access_key_id: '${oc.env:K}', secret_access_key: '${oc.env:S}'}\n"
            ),
            "s3://b/a/b",
            {
                "key": "${oc.env:K}",
                "secret": "${oc.env:S}",
                "endpoint_url": "http://h:9000",
                "client_kwargs": {"region_name": "eu-1"},
            },
        ),
        ("type: s3\nbucket: b\nanonymous: true\n", "s3://b", {"anon": True}),
        ("type: s3\nbucket: b\nprofile: dev\n", "s3://b", {"profile": "dev"}),
        ("type: gcs\nbucket: b\nanonymous: yes\n", "gs://b", {"token": "anon"}),
        (
            (
                "type: gcs\nbucket: b\nprefix: p\nproject: 1\n"
                "credentials: {service_account_file: key.json}\n"
            ),
            "gs://b/p",
            {"token": "/conf/datastore/key.json", "project": "1"},
        ),
        (
            (
                "type: azure_blob\naccount_name: 123\ncontainer_name: c\n"
                "credentials: {account_key: '${oc.env:K}'}\n"
            ),
            "abfss://c@123.dfs.core.windows.net",
            {"account_name": "123", "account_key": "${oc.env:K}"},
        ),
        (
            "type: azure_blob\naccount_name: a\ncontainer_name: c\ncredentials:\n",
            "abfss://c@a.dfs.core.windows.net",
            {"account_name": "a", "anon": False},
        ),
        (
            (
                "type: azure_data_lake_gen2\naccount_name: a\nfilesystem: f\n"
                "endpoint: core.chinacloudapi.cn\n"
                "credentials: {tenant_id: t, client_id: c, client_secret: '${oc.env:S}'}\n"
            ),
            "abfss://f@a.dfs.core.chinacloudapi.cn",
            {
                "account_name": "a",
                "tenant_id": "t",
                "client_id": "c",
                "client_secret": "${oc.env:S}",
                "account_host": "a.blob.core.chinacloudapi.cn",
            },
        ),
    ],
)
def test_a_datastore_is_a_url_and_the_options_of_its_file_system(
    text: str, url: str, options: dict[str, Any]
) -> None:
    datastore, layer = read(text)
    assert layer.problems == []
    assert datastore == Datastore(url=url, options=options)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "type: is missing"),
        ("bucket: b\n", "type: is missing"),
        ("type: azure_blub\n", "is no type of datastore: 'azure_blub', did you mean 'azure_blob'?"),
        ("type: s3\n", "bucket: is missing"),
        ("type: s3\nbucket:\n", "bucket: is missing"),
        ("type: s3\nbucket: [a]\n", "bucket: must be text"),
        ("type: s3\nbucket: ''\n", "bucket: must not be empty"),
        ("type: s3\nbucket: s3://b\n", "bucket: must be a name"),
        ("type: s3\nbucket: b\nprefix: a/../..\n", "prefix: must not have '..'"),
        ("type: s3\nbucket: b\nbuckt: c\n", "unknown key of a datastore, did you mean 'bucket'?"),
        ("type: s3\nbucket: b\nanonymous: perhaps\n", "anonymous: must be true or false"),
        ("type: s3\nbucket: b\ncredentials: abc\n", "credentials: must have keys and values"),
        ("type: s3\nbucket: b\ncredentials: {key_id: x}\n", "did you mean 'access_key_id'?"),
        ("type: local\npath: x\ncredentials: {key: x}\n", "unknown key, there is none"),
        ("type: local\npath: s3://b\n", "must be a local folder"),
        ("url: https://h/d?sig=abc\n", "must have no '?'"),
        ("url: s3://b\noptions: 3\n", "options: must have keys and values"),
        ("type: local\npath: ${oc.env:NO_SUCH_VARIABLE}\n", "NO_SUCH_VARIABLE"),
    ],
)
def test_what_is_wrong_with_a_datastore_is_said(text: str, said: str) -> None:
    datastore, layer = read(text)
    assert datastore is None
    assert any(said in str(problem) for problem in layer.problems), layer.problems


@pytest.mark.parametrize(
    "credentials",
    ["{account_key: plain}", "{sas_token: 'sv=1&sig=plain'}", "{account_key: [plain]}"],
)
def test_a_plain_secret_is_told_and_never_shown(credentials: str) -> None:
    text = f"type: azure_blob\naccount_name: a\ncontainer_name: c\ncredentials: {credentials}\n"
    _, layer = read(text)
    said = "\n".join([*layer.notices, *map(str, layer.problems)])
    assert "looks like a secret (x.yaml): write ${oc.env:NAME} instead" in said
    assert "plain" not in said


def test_a_part_of_the_address_may_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BUCKET", "mine")
    datastore, _ = read("type: s3\nbucket: ${oc.env:BUCKET}\n")
    assert datastore is not None
    assert datastore.url == "s3://mine"


def test_a_path_is_put_behind_the_root() -> None:
    assert Datastore(url="s3://b/p").at("a/b.png") == "s3://b/p/a/b.png"
    assert Datastore(url="s3://b/p").at("") == "s3://b/p"
    assert Datastore(url="/").at("a") == "/a"
