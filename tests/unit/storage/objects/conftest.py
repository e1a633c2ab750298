"""Stores of objects: in memory, on an S3 and on an Azure Blob Storage."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from framework.storage.objects.store import ObjectStore
from tests.servers.objects import KINDS, ObjectServer, new_store


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest) -> Iterator[ObjectStore]:
    """A store with nothing in it."""
    with new_store(request) as store:
        yield store


@pytest.fixture(params=["s3", "azure"])
def server(request: pytest.FixtureRequest) -> ObjectServer:
    """A running store of objects."""
    return request.getfixturevalue(request.param)
