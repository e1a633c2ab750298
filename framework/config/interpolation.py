"""`${...}` in YAML files, resolved against the composed root by OmegaConf.

References to environment variables stay as they are: what is stored has no secrets. Texts of
overrides are literal. OmegaConf sees neither: both travel through it as words of no meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from framework.config.hidden import Hidden
from framework.config.schema import Key, dotted, fields
from framework.config.table import Leaf, Table
from framework.config.values import quoted
from framework.domain.redaction import looks_secret
from framework.errors import Problem

_MISSING = "???"


def interpolate(table: Table, settled: Callable[[Key, Any], Any]) -> Iterator[Problem]:
    """Resolves every interpolation in a table.

    Args:
        table: Changed in place.
        settled: Says what a value at a key is, by the key's type, so that `${mini_batch_size}` is
            a number.

    Yields:
        What is wrong: interpolations that lead nowhere, values still to be set (`???`).
    """
    leaves = table.under(())
    for key, leaf in leaves.items():
        if not leaf.source.is_literal and leaf.value == _MISSING:
            message = "has no value yet (???)"
            yield Problem(key=dotted(key), message=message, source=str(leaf.source))
            table.clear(key)
    waiting = {key: leaf for key, leaf in leaves.items() if _is_waiting(leaf)}
    if waiting:
        yield from _resolve(table, waiting, settled)


def _resolve(
    table: Table, waiting: dict[Key, Leaf], settled: Callable[[Key, Any], Any]
) -> Iterator[Problem]:
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    hidden = Hidden()
    for key, leaf in list(waiting.items()):
        try:
            OmegaConf.create({"value": _exposed(hidden, leaf.value)})
        except OmegaConfBaseException as error:
            yield _problem(key, leaf, error)
            table.clear(key)
            del waiting[key]
    config = OmegaConf.create(_root(table, waiting, settled, hidden))
    for key, leaf in waiting.items():
        try:
            table.put(key, Leaf(hidden.restore(_value(config, key)), leaf.source))
        except (OmegaConfBaseException, RecursionError) as error:
            yield _problem(key, leaf, error)
            table.clear(key)


def _root(
    table: Table,
    waiting: dict[Key, Leaf],
    settled: Callable[[Key, Any], Any],
    hidden: Hidden,
) -> dict[str, Any]:
    """All values, nested, of which OmegaConf reads only those that wait for it."""
    root: dict[str, Any] = {}
    for key, field in fields():
        _put(root, key, _shielded(hidden, field.default))
    for key, leaf in table.under(()).items():
        is_waiting = key in waiting
        shielded = None if is_waiting else _shielded(hidden, settled(key, leaf.value))
        _put(root, key, _exposed(hidden, leaf.value) if is_waiting else shielded)
    return root


def _value(config: Any, key: Key) -> Any:
    from omegaconf import OmegaConf

    for part in key:
        config = config[part]
    return OmegaConf.to_container(config, resolve=True) if OmegaConf.is_config(config) else config


def _is_waiting(leaf: Leaf) -> bool:
    return not leaf.source.is_literal and _has_interpolation(leaf.value)


def _has_interpolation(value: Any) -> bool:
    if isinstance(value, str):
        return "${" in Hidden().hide_references(value)
    if isinstance(value, dict):
        return any(_has_interpolation(item) for item in value.values())
    return isinstance(value, list) and any(_has_interpolation(item) for item in value)


def _exposed(hidden: Hidden, value: Any) -> Any:
    """A value as OmegaConf is to see it: without references to environment variables."""
    if isinstance(value, str):
        return hidden.hide_references(str(value))
    if isinstance(value, dict):
        return {key: _exposed(hidden, item) for key, item in value.items()}
    return [_exposed(hidden, item) for item in value] if isinstance(value, list) else value


def _shielded(hidden: Hidden, value: Any) -> Any:
    """A value that OmegaConf is to hand on, and not to read."""
    if isinstance(value, str):
        return hidden.hide(str(value))
    if isinstance(value, dict):
        return {key: _shielded(hidden, item) for key, item in value.items()}
    return [_shielded(hidden, item) for item in value] if isinstance(value, list | tuple) else value


def _put(root: dict[str, Any], key: Key, value: Any) -> None:
    for part in key[:-1]:
        below = root.setdefault(part, {})
        if not isinstance(below, dict):
            below = root[part] = {}
        root = below
    root[key[-1]] = value


def _problem(key: Key, leaf: Leaf, error: BaseException) -> Problem:
    if isinstance(error, RecursionError):
        reason = "refers to itself"
    else:
        reason = f"can't be resolved: {str(error).splitlines()[0].rstrip('.').lower()}"
    is_shown = isinstance(leaf.value, str) and not any(map(looks_secret, key))
    text = f"{quoted(leaf.value)} " if is_shown else ""
    return Problem(key=dotted(key), message=f"{text}{reason}", source=str(leaf.source))
