"""Stores that can't be trusted with exclusive creation, and races of several processes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from s3fs import S3FileSystem

from framework.storage.objects.memory import MemoryObjects
from framework.storage.objects.s3 import S3Objects
from framework.storage.objects.store import ObjectStore

RACER = """
import json, sys
from framework.storage import open_store
url, options, number = json.loads(sys.argv[1])
store = open_store(url, options)
with store.stage("out", f"token{number}") as staged:
    staged.stream.write(b"%d" % number)
print("ready", flush=True)
sys.stdin.readline()
try:
    store.create("new", b"%d" % number)
    print("created", end=" ")
except FileExistsError:
    pass
try:
    store.commit(staged.path, "out")
    print("committed", end=" ")
except FileExistsError:
    pass
print("end")
"""


class Careless(MemoryObjects):
    """A service that takes the condition, and ignores it."""

    keeps_conditions = False

    def __init__(self, *, in_one: bool, in_parts: bool) -> None:
        import fsspec

        super().__init__(fsspec.filesystem("memory"))
        self._files = {}
        self._ignores = {"create": in_one, "upload": in_parts}

    def create(self, key, data, token):
        write = self.put if self._ignores["create"] else super().create
        write(key, data, token)

    def upload(self, key, token, *, is_new):
        return super().upload(key, token, is_new=is_new and not self._ignores["upload"])


@pytest.mark.parametrize(("in_one", "in_parts"), [(True, True), (True, False), (False, True)])
def test_a_store_that_ignores_the_condition_is_found_out(in_one, in_parts):
    objects = Careless(in_one=in_one, in_parts=in_parts)
    # In one request it may still be refused: creations of parts use the same condition.
    store = ObjectStore(objects, "bucket/root", url="x://bucket/root")

    assert not store.creates_exclusively
    assert objects._files == {}
    store.create("a", b"first")
    with pytest.raises(FileExistsError):
        store.create("a", b"second")
    with store.stage("a", "token") as staged:
        staged.stream.write(b"third")
    with pytest.raises(FileExistsError):
        store.commit(staged.path, "a")
    assert store.read("a") == b"first"


def test_a_store_that_keeps_the_condition_is_trusted_after_one_try(monkeypatch):
    objects = Careless(in_one=False, in_parts=False)
    store = ObjectStore(objects, "bucket/root", url="x://bucket/root")
    assert store.creates_exclusively
    assert store.at("below").creates_exclusively
    assert objects._files == {}
    monkeypatch.setattr(objects, "head", None)  # nothing more is asked
    assert store.creates_exclusively


@pytest.mark.parametrize(
    ("endpoint", "is_known"),
    [
        ("", True),
        ("https://s3.eu-west-1.amazonaws.com", True),
        ("https://s3.cn-north-1.amazonaws.com.cn", True),
        ("https://minio.example.org", False),
        ("https://amazonaws.com.example.org", False),
        ("http://127.0.0.1:9000", False),
    ],
)
def test_only_amazons_own_addresses_are_trusted_without_a_try(endpoint, is_known, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    region = {"region_name": "eu-west-1"}
    filesystem = S3FileSystem(key="k", secret="s", client_kwargs=region, skip_instance_cache=True)
    service = S3Objects(filesystem)
    assert service.keeps_conditions is is_known


def test_of_several_processes_one_creates_and_one_commits(server):
    url, options = server.new_bucket()
    racers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", RACER, json.dumps([url, options, number])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n", racer.communicate()
    for racer in racers:
        racer.stdin.write("\n")
        racer.stdin.flush()
    told = [racer.communicate(timeout=60) for racer in racers]

    assert [err for _, err in told] == [""] * 3
    words = " ".join(out for out, _ in told).split()
    assert (words.count("created"), words.count("committed"), words.count("end")) == (1, 1, 3)
