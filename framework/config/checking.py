"""Checking what is to become a file of the registry, before it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framework.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What is to be said about a file of the registry.

    Attributes:
        problems: Why it can't be used; empty where it can.
        notices: What is accepted, but has no effect or another one than might be expected.
    """

    problems: tuple[Problem, ...] = field(default=())
    notices: tuple[str, ...] = field(default=())


def check_file(
    kind: str,
    mapping: Mapping[str, Any],
    *,
    name: str,
    endpoint: str | None = None,
    path: Path | None = None,
) -> Findings:
    """Checks a mapping with the readers that composition uses.

    Args:
        kind: `endpoint`, `deployment`, `compute`, `environment`, `datastore` or `data`.
        mapping: Plain mappings, lists, texts, numbers; `Lined` ones give problems their lines.
        name: What the file will be called; environments and data without their version.
        endpoint: The endpoint of a deployment.
        path: Where the mapping will lie, for messages; `KIND NAME` where absent.
    """
    return Findings()
