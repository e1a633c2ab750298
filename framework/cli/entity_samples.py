"""Entries as they could be, to find what is wrong with a query before there is one."""

from __future__ import annotations

from typing import Any

from framework.cli.entity_kinds import EntityKind


def sample(kind: EntityKind) -> dict[str, Any]:
    """An entry of a kind; not all that one may have."""
    return {
        "name": kind.example,
        "version": "1",
        "description": "",
        "tags": {"key": ""},
        "properties": {"key": ""},
        "defaults": {"deployment_name": ""},
    }
