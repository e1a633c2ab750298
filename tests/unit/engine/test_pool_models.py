from __future__ import annotations

from dataclasses import replace

import fsspec
import pytest

from framework.engine.pool import ScorerPool
from framework.errors import ScorerInitError
from framework.models import ModelRegistry
from framework.models.cache import FOLDER_VARIABLE, ModelCache
from framework.storage import open_store
from framework.storage.objects.store import ObjectStore

PATIENCE_S = 60.0
SCRIPT = """
import os, pathlib

def init():
    global text
    folder = pathlib.Path(os.environ["AZUREML_MODEL_DIR"])
    text = (folder / "net" / "deep" / "w.txt").read_text()

def run(mini_batch):
    return [text for _ in mini_batch]
"""


@pytest.fixture
def registry():
    yield ModelRegistry(open_store("memory://pool-models/workspace"))
    fsspec.filesystem("memory").rm("/pool-models", recursive=True)


@pytest.fixture
def source(registry, tmp_path, monkeypatch):
    """A model of a workspace that is not on this machine."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    (tmp_path / "net" / "deep").mkdir(parents=True)
    (tmp_path / "net" / "deep" / "w.txt").write_text("weights")
    return registry.source(registry.register("net", tmp_path / "net").model)


def test_scorers_find_a_model_that_was_fetched_and_give_it_back(site, source, tmp_path):
    spec = site.spec(SCRIPT, model=source)
    cache = ModelCache(tmp_path / "cache", max_bytes=0)
    pools = [ScorerPool(replace(spec, key=key), key) for key in ("one", "two")]
    try:
        for pool in pools:
            ticket = pool.submit(site.batches(1))
            assert ticket.wait(PATIENCE_S)
            assert ticket.results()[0].payload == b"0.txt,weights\n"
        cache.trim()
        assert list((tmp_path / "cache").glob("*/net"))
    finally:
        for pool in pools:
            pool.stop(0.0)
    cache.trim()
    assert not list((tmp_path / "cache").glob("*/net"))


def test_a_model_that_is_not_what_was_registered_breaks_the_pool(site, registry, source):
    registry.store.write("models/net/1/net/deep/w.txt", b"WEIGHTS")
    pool = ScorerPool(site.spec(SCRIPT, model=source), "instance-0")
    try:
        with pytest.raises(ScorerInitError, match=r"net:1: .* is not what was registered"):
            pool.submit(site.batches(1)).wait(PATIENCE_S)
    finally:
        pool.stop(0.0)


def test_a_pool_that_is_stopped_stops_fetching(site, source, monkeypatch, tmp_path):
    pools: list[ScorerPool] = []
    fetched = []

    def endless(self, path, target, on_bytes=None):
        for _ in range(100_000):
            if pools:
                pools[0].queue.close()
            on_bytes(1)
        fetched.append(path)

    monkeypatch.setattr(ObjectStore, "fetch", endless)
    pools.append(ScorerPool(site.spec(SCRIPT, model=source), "instance-0"))
    pools[0].stop(0.0)

    assert not fetched
    assert not list((tmp_path / "cache").glob("*.partial"))
