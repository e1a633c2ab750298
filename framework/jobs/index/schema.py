"""The index's tables.

Columns are for people's own queries; lists are restored from `summary`, which is JSON without any
character that a database might not take.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
)

from framework.jobs.index.entries import Entry

VERSION = 1
_MOMENT = String(32)
_COUNTS = ("files", "succeeded", "failed", "rows", "tries")
_MOMENTS = ("created_at", "started_at", "ended_at")
_WORDS = ("status", "endpoint", "deployment", "model", "output", "error")

metadata = MetaData()
versions = Table(
    "batch_index",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
)
jobs = Table(
    "batch_jobs",
    metadata,
    Column("workspace", String(64), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("status", String(32), nullable=False),
    Column("endpoint", Text),
    Column("deployment", Text),
    Column("model", Text),
    Column("input", Text),
    Column("output", Text),
    *(Column(each, BigInteger, nullable=False) for each in _COUNTS),
    *(Column(each, _MOMENT) for each in _MOMENTS),
    Column("updated_at", _MOMENT),
    Column("error", Text),
    Column("tags", Text, nullable=False),
    Column("is_archived", Boolean, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("stamp", String(80), nullable=False),
    Column("summary", Text, nullable=False),
    Index("batch_jobs_by_age", "workspace", "created_at"),
)


def to_row(workspace: str, entry: Entry) -> dict[str, Any]:
    """An entry as the table has it."""
    told = entry.summary
    given = told["input"]
    return {
        "workspace": workspace,
        "name": entry.name,
        **{key: _plain(told[key]) for key in _WORDS},
        "input": _plain(given if isinstance(given, str) else json.dumps(given)),
        **{key: int(told["counts"].get(key) or 0) for key in _COUNTS},
        **{key: told[key] for key in _MOMENTS},
        "updated_at": entry.updated_at,
        "tags": json.dumps(dict(entry.tags)),
        "is_archived": entry.is_archived,
        "epoch": entry.epoch,
        "stamp": entry.stamp,
        "summary": json.dumps(dict(told), default=str),
    }


def from_row(row: Row[Any]) -> Entry:
    """The reverse of `to_row`."""
    return Entry(
        name=row.name,
        stamp=row.stamp,
        summary=json.loads(row.summary),
        tags=json.loads(row.tags),
        is_archived=row.is_archived,
        updated_at=row.updated_at,
        epoch=row.epoch,
    )


def _plain(text: Any) -> str | None:
    """Text that any database takes: names may be no UTF-8."""
    if text is None:
        return None
    return str(text).encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
