from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import fsspec
import pytest

from framework.errors import ModelError, StorageError
from framework.models import ModelRegistry
from framework.models.cache import (
    BYTES_VARIABLE,
    FOLDER_VARIABLE,
    ModelCache,
    borrow,
    cache_bytes,
    cache_folder,
)
from framework.models.downloading import download
from framework.storage import open_store
from framework.storage.objects.store import ObjectStore

ROOT = Path(__file__).parents[3]
URL = "memory://models-cache/workspace"


@pytest.fixture
def elsewhere():
    """The registry of a workspace that is not on this machine."""
    yield ModelRegistry(open_store(URL))
    memory = fsspec.filesystem("memory")
    if memory.exists("/models-cache"):
        memory.rm("/models-cache", recursive=True)


@pytest.fixture
def sources(elsewhere, tmp_path):
    """Three models of ten bytes each."""
    found = []
    for number in range(3):
        path = tmp_path / f"m{number}.pt"
        path.write_text(f"weights  {number}")
        found.append(elsewhere.source(elsewhere.register(f"m{number}", path).model))
    return found


@pytest.fixture
def cache(tmp_path):
    return ModelCache(tmp_path / "cache", max_bytes=25)


def entries(tmp_path: Path) -> set[str]:
    return {
        path.name
        for path in (tmp_path / "cache").iterdir()
        if not path.name.endswith((".lock", ".fetch"))
    }


def entry(source) -> str:
    return f"{source.sha256}-{source.size}"


def count_fetches(monkeypatch) -> list[str]:
    fetched: list[str] = []
    fetch = ObjectStore.fetch

    def counted(self, path, target, on_bytes=None):
        fetched.append(path)
        return fetch(self, path, target, on_bytes)

    monkeypatch.setattr(ObjectStore, "fetch", counted)
    return fetched


def test_a_model_of_a_workspace_on_this_machine_is_used_in_place(local, net):
    model = local.register("m", net).model
    borrowed = borrow(local.source(model))

    assert borrowed.path == local.store.local_path(model.path)
    borrowed.close()
    local.store.delete(model.path)
    with pytest.raises(ModelError, match=r"m:1: .* is not there on this instance"):
        borrow(local.source(model))


def test_a_folder_is_fetched_once_with_all_that_is_in_it(elsewhere, net, tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    fetched = count_fetches(monkeypatch)
    source = elsewhere.source(elsewhere.register("m", net).model)
    first, second = borrow(source), borrow(source)

    assert first.path == second.path
    assert first.path.name == "net"
    assert len(fetched) == 5
    assert (first.path / ".hidden" / "h").read_text() == "h"
    assert (first.path / "assets" / "none").is_dir()
    first.close()
    second.close()


def test_threads_that_want_one_model_fetch_it_once(sources, cache, monkeypatch):
    fetched = count_fetches(monkeypatch)
    held = []  # in use while others still ask for it
    threads = [
        threading.Thread(target=lambda: held.append(cache.borrow(sources[0]))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(fetched) == 1
    assert len({each.path for each in held}) == 1
    assert len(held) == 4


def test_the_longest_unused_model_goes_first(sources, cache, tmp_path):
    first, second, third = sources
    for source in (first, second):
        cache.borrow(source).close()
    cache.borrow(first).close()
    cache.borrow(third).close()

    assert entries(tmp_path) == {entry(first), entry(third)}


def test_a_model_in_use_is_never_evicted(sources, cache, tmp_path, caplog):
    held = [cache.borrow(source) for source in sources]
    assert all(each.path.read_text().startswith("weights") for each in held)
    assert "more than the 25" in caplog.text
    held[1].close()

    assert entries(tmp_path) == {entry(sources[0]), entry(sources[2])}


def test_a_model_larger_than_the_bound_is_used_and_then_goes(sources, tmp_path):
    cache = ModelCache(tmp_path / "cache", max_bytes=5)
    borrowed = cache.borrow(sources[0])
    assert borrowed.path.read_text() == "weights  0"
    borrowed.close()
    assert entries(tmp_path) == set()


def test_what_was_changed_in_the_cache_is_fetched_again(sources, cache, caplog):
    borrowed = cache.borrow(sources[0])
    borrowed.path.write_text("weights  X")  # by a script, which still runs
    again = cache.borrow(sources[0])

    assert again.path.read_text() == "weights  0"
    assert "is broken, and is fetched again" in caplog.text


@pytest.mark.parametrize("change", ["other bytes", "another file", "gone"])
def test_what_was_changed_in_the_workspace_is_refused(elsewhere, net, cache, tmp_path, change):
    model = elsewhere.register("m", net).model
    if change == "other bytes":
        elsewhere.store.write(f"{model.path}/weights.bin", b"W")
    elif change == "another file":
        elsewhere.store.write(f"{model.path}/new", b"W")
    else:
        elsewhere.store.delete(model.path)
    says = "is gone" if change == "gone" else "is not what was registered"
    with pytest.raises(ModelError, match=rf"m:1: {URL}/models/m/1/net {says}"):
        cache.borrow(elsewhere.source(model))
    assert entries(tmp_path) == set()


def test_a_store_that_names_files_outside_writes_nothing_there(elsewhere, net, cache, tmp_path):
    model = elsewhere.register("m", net).model
    filesystem = fsspec.filesystem("memory")
    odd = "/models-cache/workspace/models/m/1/net/../../../../../evil"
    filesystem.store[odd] = filesystem.store["/models-cache/workspace/models/m/1/net/weights.bin"]
    filesystem.pseudo_dirs.append("/models-cache/workspace/models/m/1/net/..")
    try:
        with pytest.raises((StorageError, ModelError)):
            cache.borrow(elsewhere.source(model))
    finally:
        del filesystem.store[odd]
        filesystem.pseudo_dirs.remove("/models-cache/workspace/models/m/1/net/..")
    assert not list(tmp_path.rglob("evil"))
    assert entries(tmp_path) == set()


def test_fetching_ends_when_nobody_wants_it(sources, cache, tmp_path):
    def stop(*_progress):
        raise ModelError("not wanted any more")

    with pytest.raises(Exception, match="not wanted any more"):
        cache.borrow(sources[0], stop)
    assert entries(tmp_path) == set()


KILLED = """
import os, signal, sys
from pathlib import Path
from framework.models import ModelRegistry
from framework.models.cache import ModelCache
from framework.storage import open_store
from framework.storage.objects.store import ObjectStore

registry = ModelRegistry(open_store("memory://models-cache/workspace"))
source = registry.source(registry.register("m", sys.argv[1]).model)
left = int(sys.argv[3])

def fetch(self, path, target, on_bytes=None):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    target.write_bytes(self.read(path))

ObjectStore.fetch = fetch
ModelCache(Path(sys.argv[2]), max_bytes=25).borrow(source)
"""


def test_a_fetch_that_is_killed_leaves_nothing_that_is_used(elsewhere, net, cache, tmp_path):
    for step in range(0, 5, 2):
        command = [sys.executable, "-c", KILLED, str(net), str(tmp_path / "cache"), str(step)]
        ended = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
        assert ended.returncode == -signal.SIGKILL
        assert [name[-8:] for name in entries(tmp_path)] == [".partial"]
    source = elsewhere.source(elsewhere.register("m", net).model)

    assert (cache.borrow(source).path / "weights.bin").read_text() == "w"
    assert entries(tmp_path) == {entry(source)}


def test_what_a_killed_process_has_borrowed_can_be_evicted(sources, net, tmp_path):
    command = [sys.executable, "-c", KILLED, str(net), str(tmp_path / "cache"), "99"]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    assert len(entries(tmp_path)) == 1
    ModelCache(tmp_path / "cache", max_bytes=10).borrow(sources[0]).close()

    assert entries(tmp_path) == {entry(sources[0])}


def test_where_and_how_large_the_cache_is_can_be_said(monkeypatch):
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/some/cache")
    assert cache_folder() == Path("/some/cache/dask-batch-endpoints/models")
    monkeypatch.setenv(FOLDER_VARIABLE, "/fast/disk")
    assert cache_folder() == Path("/fast/disk")
    monkeypatch.setenv(BYTES_VARIABLE, "1000")
    assert cache_bytes() == 1000
    monkeypatch.setenv(BYTES_VARIABLE, "much")
    with pytest.raises(StorageError, match="'much' is no number of bytes"):
        cache_bytes()


def test_a_model_is_downloaded_whole_or_not_at_all(registry, net, tmp_path):
    model = registry.register("m", net).model
    path = download(registry, model, tmp_path / "there")

    assert path == tmp_path / "there" / "m" / "net"
    assert (path / "a b" / "ü #.txt").read_text() == "x"
    registry.store.write(f"{model.path}/weights.bin", b"W")
    with pytest.raises(ModelError):
        download(registry, model, tmp_path / "other")
    assert os.listdir(tmp_path / "other" / "m") == []
    with pytest.raises(Exception, match="exists already"):
        download(registry, model, tmp_path / "there")
