"""Checking what is to become a file of the registry, before it is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framework.config.changes import Layer, Source
from framework.config.files import (
    compute_of,
    data_of,
    datastore_file,
    deployment_of,
    endpoint_of,
    environment_of,
)
from framework.config.interpolation import interpolate
from framework.config.resolving import resolve, settled_at
from framework.config.rules import check, follow
from framework.config.table import Table
from framework.config.texts import Lined
from framework.config.values import quoted
from framework.config.yaml_files import shown_path
from framework.domain.suggestions import did_you_mean
from framework.errors import Problem, UsageError

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9_-])?")
_KINDS = ("compute", "data", "datastore", "deployment", "endpoint", "environment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What is to be said about a file of the registry.

    Attributes:
        problems: Why it can't be used; empty where it can.
        notices: What is accepted, but has no effect or another one than might be expected.
    """

    problems: tuple[Problem, ...] = ()
    notices: tuple[str, ...] = ()


def check_file(
    kind: str,
    mapping: Mapping[str, Any],
    *,
    name: str,
    endpoint: str | None = None,
    path: Path | None = None,
) -> Findings:
    """Checks a mapping with the readers that composition uses.

    What it refers to is not looked up: it may come later.

    Args:
        kind: `endpoint`, `deployment`, `compute`, `environment`, `datastore` or `data`.
        mapping: Plain mappings, lists, texts, numbers; `Lined` ones give problems their lines.
        name: What the file will be called; environments and data without their version.
        endpoint: The endpoint of a deployment.
        path: Where the mapping will lie, for messages and relative paths; messages say `KIND NAME`
            where absent.

    Raises:
        UsageError: There is no such kind.
    """
    if kind not in _KINDS:
        raise UsageError(f"there is no kind of file called {kind!r}{did_you_mean(kind, _KINDS)}")
    where = f"{kind} {name!r}" if path is None else shown_path(path)
    folder = None if path is None else path.parent
    layer = Layer(source=Source(layer=where, folder=folder, is_literal=False))
    if kind != "endpoint" and not _NAME.fullmatch(name):
        message = (
            f"{quoted(name)} is no name for a {kind}: it takes up to 255 letters, digits and "
            "'-_.', not beginning with '-' or '.', not ending with '.'"
        )
        layer.complain(("name",), message)
    _read(kind, layer, _lined(mapping), name, endpoint or "")
    notices = [*layer.notices, *_check_values(layer)]
    return Findings(
        problems=tuple(dict.fromkeys(layer.problems)), notices=tuple(dict.fromkeys(notices))
    )


def _read(kind: str, layer: Layer, mapping: Lined, name: str, endpoint: str) -> None:
    read: Mapping[str, Callable[[], object]] = {
        "compute": lambda: compute_of(layer, mapping, name),
        "data": lambda: data_of(layer, mapping, name, None),
        "datastore": lambda: datastore_file(layer, mapping, name),
        "deployment": lambda: deployment_of(layer, mapping, name, endpoint),
        "endpoint": lambda: endpoint_of(layer, mapping, name),
        "environment": lambda: environment_of(layer, mapping, name, None),
    }
    read[kind]()


def _check_values(layer: Layer) -> list[str]:
    """Reads the settings of a layer by their types; what other layers may give is not missed."""
    table = Table()
    table.apply(layer.changes)
    for _ in interpolate(table, settled_at):
        pass  # what leads nowhere here may lead to another layer's value
    resolved = resolve(table, is_complete=False)
    notices = follow(resolved)
    check(resolved, is_complete=False)
    layer.problems += resolved.problems
    return notices


def _lined(value: Any) -> Any:
    """A mapping as the readers take it: a copy, whose keys are texts, with the lines it has."""
    if isinstance(value, Mapping):
        lined = Lined()
        for key, item in value.items():
            lined[str(key)] = _lined(item)
        lined.lines |= value.lines if isinstance(value, Lined) else {}
        return lined
    return [_lined(item) for item in value] if isinstance(value, list) else value
