"""Inputs on a store that fails, dawdles, is gone for a while, and is gone for good."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.objects import ObjectServer
from tests.servers.proxy import Proxy, proxy

FILES = 300
GONE_S = float(os.environ.get("STORE_GONE_S", "6"))
# What a call brings depends on each file's name and bytes.
SCRIPT = """
    import hashlib, os, time
    from notes import note_files

    def run(mini_batch):
        time.sleep(0.05)
        note_files(mini_batch)
        rows = []
        for file in mini_batch:
            with open(file, "rb") as content:
                digest = hashlib.sha256(content.read()).hexdigest()
            rows.append({"file": os.path.basename(file), "digest": digest})
        return rows
"""
# As the command line is, but for how long it bears with a store: a test has no minutes to wait.
IMPATIENT = """
import sys
from framework.storage.objects import retrying
retrying.PATIENCE_S = 3.0
from framework.cli import main
sys.exit(main())
"""


@pytest.fixture
def server(request: pytest.FixtureRequest) -> ObjectServer:
    """An S3; another store where a test names one."""
    return request.getfixturevalue(getattr(request, "param", "s3"))


@pytest.fixture
def before(server: ObjectServer) -> Iterator[Proxy]:
    with proxy(server.endpoint, seed=5) as running:
        yield running


@pytest.fixture
def bucket(server: ObjectServer, bench) -> str:
    """A bucket with the files that also lie on the bench."""
    from framework.storage import open_store

    url, options = server.new_bucket()
    store = open_store(url, options)
    for number in range(FILES):
        content = hashlib.sha256(b"%d" % number).digest() * (1 + number % 50)
        path = f"in/d{number % 3}/f {number:03}.bin"
        store.write(path, content)
        (bench.data / path).parent.mkdir(parents=True, exist_ok=True)
        (bench.data / path).write_bytes(content)
    bench.script(SCRIPT)
    return url


def seen_through(proxied: Proxy, server: ObjectServer) -> dict[str, str]:
    if server.scheme == "az":
        options = server.options(proxied.url)
        return {"AZURE_STORAGE_CONNECTION_STRING": options["connection_string"]}
    return {
        "AWS_ENDPOINT_URL": proxied.url,
        "AWS_ACCESS_KEY_ID": server.access["key"],
        "AWS_SECRET_ACCESS_KEY": server.access["secret"],
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def undisturbed(bench) -> bytes:
    local = bench.call("+mini_batch_size=10", f"+input={bench.data}/in", name="local")
    return local.check().data


def test_a_store_that_fails_and_dawdles_costs_time_and_nothing_else(
    bench, server, before, bucket
) -> None:
    before.faults.fail_share = before.faults.slow_share = 0.1
    before.faults.slow_s = 0.5
    words = ["+mini_batch_size=10", f"+input={bucket}/in"]

    ended = bench.invoke(*words, env=seen_through(before, server)).check()

    assert ended.counts["succeeded"] == ended.counts["rows"] == FILES
    assert ended.data == undisturbed(bench)
    assert sum(before.seen[fate] for fate in before.faults.fates) > 10
    assert before.seen["slow"] > 10


def test_a_store_that_is_gone_for_a_while_is_waited_for(bench, server, before, bucket) -> None:
    before.faults.delay_s = 0.02
    words = ["+mini_batch_size=10", f"+input={bucket}/in"]
    running = bench.start(*words, env=seen_through(before, server))
    assert running.wait_until(lambda: len(bench.noted) >= 20)

    before.gone(GONE_S)
    ended = running.end().check()

    assert ended.counts["failed"] == 0
    assert ended.counts["tries"] == FILES // 10  # no call was made for a file that wasn't there
    assert ended.data == undisturbed(bench)


@pytest.mark.parametrize("server", ["s3", "azure"], indirect=True)
def test_a_store_that_is_gone_for_good_fails_the_job_and_no_file(
    bench, server, before, bucket
) -> None:
    before.faults.delay_s = 0.02
    words = ["+mini_batch_size=2", f"+input={bucket}/in", "+max_concurrency_per_instance=1"]
    environment = seen_through(before, server)
    program = ("-c", IMPATIENT)
    running = bench.start(*words, env=environment, program=program)
    assert running.wait_until(lambda: len(bench.noted) >= 8)

    before.gone()
    failed = running.end().check(1)

    said = [line for line in failed.err.splitlines() if line.startswith("error:")]
    assert len(said) == 1
    assert "can't be reached" in said[0]
    assert "Traceback" not in failed.err
    assert failed.status == "Failed"
    assert failed.counts["failed"] == 0
    assert not (Path(failed.record) / "errors.jsonl").exists() or not failed.errors
    kept = set(bench.ledgered())

    before.back()
    noted = len(bench.noted)
    resumed = bench.resume(env=environment).check()

    assert resumed.counts["succeeded"] == resumed.counts["rows"] == FILES
    assert resumed.data == undisturbed(bench)
    assert len(bench.noted) - FILES - noted == FILES - 2 * len(kept)
