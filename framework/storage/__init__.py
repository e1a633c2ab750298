"""Stores: listing, reading, durable writing and exclusive creation. The only user of fsspec."""

from __future__ import annotations

from framework.storage.contract import AppendLog, StagedFile, Store, StoredFile

__all__ = ["AppendLog", "StagedFile", "Store", "StoredFile"]
