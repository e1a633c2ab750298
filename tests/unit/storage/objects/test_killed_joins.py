"""A process that joins an output is killed before any of its requests that change something."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

MIB = 1 << 20
JOINER = """
import itertools, json, os, signal, sys
from framework.storage import FileRange, open_store
from framework.storage.objects.gcs_client import GoogleClient
from framework.storage.objects.s3 import S3Objects

url, options, kill_at = json.loads(sys.argv[1])
numbers = itertools.count(1)

def armed(original):
    def step(self, method, *arguments, **more):
        if not method.startswith(("get", "head", "list", "GET")) and next(numbers) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(self, method, *arguments, **more)
    return step

S3Objects._once = armed(S3Objects._once)
GoogleClient.once = armed(GoogleClient.once)
store = open_store(url, options)
with store.stage("out", "token") as staged:
    staged.stream.write(b"head")
    for number in range(3):
        path = f"parts/{number}"
        data = store.read(path)
        list(staged.append(FileRange(store, path, 0, len(data), True), [data]))
print(next(numbers) - 1)
"""


def join(store, kill_at: int) -> subprocess.CompletedProcess[str]:
    words = json.dumps([store.url, dict(store.options), kill_at])
    command = [sys.executable, "-c", JOINER, words]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


def uploads(store) -> list[str]:
    """The keys of all uploads that were begun and not ended."""
    bucket = store._key("").partition("/")[0]
    found = store._objects.request("list_multipart_uploads", "", Bucket=bucket)
    return [each["Key"] for each in found.get("Uploads", ())]


@pytest.mark.slow
@pytest.mark.parametrize("store", ["s3", "gcs"], indirect=True)
def test_killed_before_any_request_nothing_is_left_once_the_next_has_cleared_up(store):
    contents = [bytes([number]) * (6 * MIB) for number in range(3)]
    for number, content in enumerate(contents):
        store.write(f"parts/{number}", content)
    undisturbed = join(store, 0)
    assert undisturbed.returncode == 0, undisturbed.stderr
    expected = b"head" + b"".join(contents)
    staged = store.names()[0]
    assert store.read(staged) == expected
    requests = int(undisturbed.stdout)
    assert requests >= 3

    for kill_at in range(1, requests + 1):
        store.unstage("out", "token")
        assert store.names() == ["parts"]
        killed = join(store, kill_at)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert store.names() in (["parts"], [staged, "parts"])
    store.unstage("out", "token")
    assert store.names() == ["parts"]
    assert store.names("parts") == ["0", "1", "2"]
    if store.url.startswith("s3:"):
        assert uploads(store) == []


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_uploads_of_others_go_on_where_a_killed_ones_are_given_up(store):
    other = store._objects.upload(store._key("out"), "theirs", is_new=True)
    with store.stage("out", "one") as staged:
        store._objects.upload(store._key(staged.path), "killed", is_new=False)
        assert len(uploads(store)) == 2
        store.unstage("out", "one")
        assert uploads(store) == [store._key("out").partition("/")[2]]
    other.finish(1, b"theirs")
    assert store.read("out") == b"theirs"
