from __future__ import annotations

import pytest

from framework.engine.attached import DaskCompute
from tests.servers.cluster import certificates


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("tcp://10.0.0.5:8786", "tcp://10.0.0.5:8786"),
        ("grid.example.org:8786", "tcp://grid.example.org:8786"),
        ("tcp://[::1]:8786", "tcp://[::1]:8786"),
        (" tcp://host:1/ ", "tcp://host:1"),
    ],
)
def test_an_address_is_a_host_and_a_port(written, address):
    compute = DaskCompute(address=written)
    with compute.cluster(3) as found:
        assert found == address
    assert compute.security is None


@pytest.mark.parametrize(
    "address",
    ["", "host", "tcp://host", "tcp://:8786", "tcp://host:port", "http://host:8787", "ucx://h:1"],
)
def test_what_is_no_address_of_a_scheduler_is_refused(address):
    with pytest.raises(ValueError, match="address"):
        DaskCompute(address=address)


def test_tls_files_make_an_address_without_a_scheme_encrypted(tmp_path):
    compute = DaskCompute(address="host:8786", **certificates(tmp_path))

    assert compute.address == "tls://host:8786"
    assert compute.security.require_encryption


def test_tls_files_with_an_address_that_is_not_encrypted_are_refused(tmp_path):
    with pytest.raises(ValueError, match="is not encrypted: write tls://"):
        DaskCompute(address="tcp://host:8786", **certificates(tmp_path))


def test_encryption_can_be_required_without_files_of_ones_own():
    with pytest.raises(ValueError, match="needs tls_ca_file, tls_client_cert and tls_client_key"):
        DaskCompute(address="host:8786", require_encryption=True)


def test_a_tls_file_that_is_not_there_is_named(tmp_path):
    files = {**certificates(tmp_path), "tls_ca_file": str(tmp_path / "none.pem")}
    with pytest.raises(ValueError, match=r"tls_ca_file: there is no file .*none\.pem"):
        DaskCompute(address="tls://host:8786", **files)


def test_a_tls_file_with_something_else_in_it_is_named(tmp_path):
    files = certificates(tmp_path)
    (tmp_path / "key.pem").write_text("no key")
    with pytest.raises(ValueError, match=r"key\.pem"):
        DaskCompute(address="tls://host:8786", **files)


def test_a_timeout_must_be_a_time():
    with pytest.raises(ValueError, match="connect_timeout must be above 0, is 0"):
        DaskCompute(address="host:1", connect_timeout=0)
