"""Workspaces on a local disk and elsewhere, and models to register."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pytest

from framework.models import ModelRegistry
from framework.storage import open_store


@pytest.fixture(params=["local", "memory"])
def url(request, tmp_path):
    """A workspace of each kind."""
    if request.param == "local":
        yield str(tmp_path / "workspace")
        return
    memory = fsspec.filesystem("memory")
    yield "memory://models-test/workspace"
    if memory.exists("/models-test"):
        memory.rm("/models-test", recursive=True)


@pytest.fixture
def registry(url) -> ModelRegistry:
    return ModelRegistry(open_store(url))


@pytest.fixture
def local(tmp_path) -> ModelRegistry:
    return ModelRegistry(open_store(str(tmp_path / "workspace")))


@pytest.fixture
def net(tmp_path) -> Path:
    """A model in a folder, with all that a folder may have."""
    folder = tmp_path / "net"
    files = {"weights.bin": "w", "a b/ü #.txt": "x", ".hidden/h": "h", "empty.txt": "", "%41": "p"}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "assets" / "none").mkdir(parents=True)
    return folder
