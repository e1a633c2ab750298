from __future__ import annotations

import pytest

from framework.engine.ssh import SshCompute
from framework.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        ("node1", "node1", {}),
        ("ada@node1", "node1", {"username": "ada"}),
        ("ada@node1:2222", "node1", {"username": "ada", "port": 2222}),
        ("fe80::1", "fe80::1", {}),
        ("[fe80::1]:22", "fe80::1", {"port": 22}),
        ("a@b@node1", "node1", {"username": "a@b"}),
    ],
)
def test_a_host_is_read_as_ssh_would(text, name, options):
    (host,) = SshCompute(hosts=[text])._hosts
    assert host == (name, options)


@pytest.mark.parametrize("text", ["", "ada@", "node1:x", "node1:", ":22", "a b"])
def test_what_is_no_host_is_said(text):
    with pytest.raises(ConfigurationError, match="is no machine"):
        SshCompute(hosts=[text])


def test_no_host_at_all_is_said():
    with pytest.raises(ConfigurationError, match=r"compute\.hosts: is empty"):
        SshCompute(hosts=[])


@pytest.mark.parametrize("key", ["known_hosts", "identity_files"])
def test_a_file_that_is_not_there_is_named(key, tmp_path):
    path = str(tmp_path / "none")
    value = path if key == "known_hosts" else [path]
    with pytest.raises(ConfigurationError, match=f"compute.{key}: there is no file {path}"):
        SshCompute(hosts=["node1"], **{key: value})
