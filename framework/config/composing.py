"""Composing: overrides and files in, validated settings out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from framework.config.assigning import assign
from framework.config.changes import DEFAULT, Layer, Source
from framework.config.composition import Composition
from framework.config.environments import with_environment
from framework.config.interpolation import interpolate
from framework.config.layers import stack, stack_again
from framework.config.locating import locate, refill
from framework.config.overrides import Override, parse
from framework.config.registry import Registry, find_conf
from framework.config.resolving import Resolved, resolve, settled_at
from framework.config.rules import check, follow
from framework.config.schema import dotted
from framework.config.table import Leaf, Table
from framework.errors import ConfigurationError, Problem
from framework.settings import Settings

_WORKSPACE = ("workspace",)
_RECORD = Source(layer="the job's record")


def compose(
    overrides: Sequence[Override],
    *,
    conf: str | Path | None = None,
    computes: Collection[str] | None = None,
    is_complete: bool = True,
) -> Composition:
    """Composes and validates the settings of one job.

    Args:
        overrides: `key=value`, `+key=value`, `++key=value`, `~key`, or pairs of a key and a value
            from Python (see `overrides_of`). Of a key given twice, the last counts.
        conf: The workspace's `config.yaml`, or the folder that it is in; found where absent.
        computes: Names of registered computes, which need no file; the plugins' where absent.
        is_complete: Whether an input, a scorer and all environment variables must be there.

    Raises:
        ConfigurationError: All that is wrong, together.
        NotFoundError: The endpoint, deployment or compute that was asked for is not there.
    """
    found = find_conf(None if conf is None else str(conf))
    assignments, problems = parse(overrides)
    if problems:
        raise ConfigurationError(*problems)
    layers = stack(assignments, found, computes)
    table = Table()
    for layer in layers:
        table.apply(layer.changes)
    layers += assign(assignments, table)
    _give_workspace(table, found)
    registry = Registry(found)
    environment = with_environment(table, registry)
    layers += [environment] if environment else []
    problems = [problem for layer in layers for problem in layer.problems]
    problems += interpolate(table, settled_at)
    located = locate(table, registry)
    problems += located.problems
    resolved = resolve(table, is_complete=is_complete)
    notices = _finish(resolved, problems, is_complete=is_complete)
    return Composition(
        settings=resolved.settings(),
        document=resolved.document,
        origins={dotted(key): source.layer for key, source in resolved.sources.items()},
        conf=found,
        notices=tuple(
            _unique(
                [
                    *(each for layer in layers for each in layer.notices),
                    *located.notices,
                    *notices,
                    *resolved.notices,
                ]
            )
        ),
    )


def restore(
    document: Mapping[str, Any], overrides: Sequence[Override] = (), *, conf: Path | None = None
) -> Composition:
    """Composes a stored document anew, with environment variables resolved again.

    Args:
        document: As `Composition.document` has it.
        overrides: Changes to it, such as a signed `input=...` whose signature was not stored, or
            another compute, of whose own settings the document has none.
        conf: The workspace's `config.yaml`: its datastores are where `azureml://` paths of the
            overrides lead, and have the secrets that the document has not.

    Raises:
        ConfigurationError: All that is wrong with it, together.
        NotFoundError: An override asks for a compute, a datastore or data that is not there.
    """
    assignments, problems = parse(overrides)
    record = Layer(source=_RECORD).add(document)
    layers = stack_again(record, assignments, conf)
    table = Table()
    for layer in layers:
        table.apply(layer.changes)
    layers += assign(assignments, table)
    problems += [problem for layer in layers for problem in layer.problems]
    registry = Registry(conf)
    refill(table, registry)
    problems += locate(table, registry).problems
    resolved = resolve(table)
    _finish(resolved, problems, is_complete=True)
    return Composition(
        settings=resolved.settings(),
        document=resolved.document,
        origins={dotted(key): source.layer for key, source in resolved.sources.items()},
        conf=None,
    )


def _finish(resolved: Resolved, problems: list[Problem], *, is_complete: bool) -> list[str]:
    notices = follow(resolved)
    check(resolved, is_complete=is_complete)
    problems = _unique([*problems, *resolved.problems])
    if problems:
        raise ConfigurationError(*problems)
    return notices


def _give_workspace(table: Table, conf: Path | None) -> None:
    """The default workspace: beside `conf/`, or in the working directory."""
    if _WORKSPACE in table:
        return
    folder = Path.cwd() if conf is None else conf.parent.parent
    source = Source(layer=DEFAULT, folder=folder)
    table.put(_WORKSPACE, Leaf(Settings.workspace, source))


def _unique(items: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(items))
