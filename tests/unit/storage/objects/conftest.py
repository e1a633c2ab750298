"""Stores of objects: in memory, on an S3 and on an Azure Blob Storage."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from framework.storage import open_store
from framework.storage.objects.store import ObjectStore

KINDS = ["memory", "s3", "azure"]


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest) -> Iterator[ObjectStore]:
    """A store with nothing in it."""
    if request.param == "memory":
        root = f"memory://objects/{uuid.uuid4().hex}"
        yield open_store(root)
        open_store("memory://objects").delete(root.rpartition("/")[2])
    else:
        url, options = request.getfixturevalue(request.param).new_bucket()
        yield open_store(f"{url}/root", options)
