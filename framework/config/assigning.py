"""Laying overrides over the composed layers: what each of the four forms asks of a key."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from framework.config.changes import COMPUTE, COMPUTE_NAME, OVERRIDE, Change, Layer, Source
from framework.config.overrides import Assignment, Operator
from framework.config.resolving import settled_at
from framework.config.schema import (
    Field,
    Group,
    Key,
    Map,
    dotted,
    node_at,
    schema,
)
from framework.config.shorthands import is_short
from framework.config.table import Table
from framework.config.unknown_keys import unknown_key
from framework.config.values import quoted
from framework.domain.redaction import looks_secret
from framework.domain.suggestions import listed, nearest

_CHOICES = frozenset({("endpoint",), ("deployment",), COMPUTE, COMPUTE_NAME})
"""Taking one of these back is done already, where the layers were chosen."""

_MEANT = ", did you mean"
_SAME_BUT_FOR_A_SLIP = 0.88
"""A compute may have a setting of its own that is much like another, as `connect_timeout` is."""


def assign(assignments: Iterable[Assignment], table: Table) -> list[Layer]:
    """Applies overrides to a table, in order; texts that replace a whole group come first."""
    source = Source(layer=OVERRIDE, folder=Path.cwd())
    ordered = sorted(_standing(assignments), key=lambda each: not is_short(each.key, each.value))
    return [_assign(assignment, table, source) for assignment in ordered]


def _standing(assignments: Iterable[Assignment]) -> list[Assignment]:
    """Without the choices that a later `~` takes back."""
    standing: list[Assignment] = []
    for assignment in assignments:
        if assignment.operator is Operator.REMOVE and assignment.key in _CHOICES:
            standing = [each for each in standing if each.key != assignment.key]
        standing.append(assignment)
    return standing


def _assign(assignment: Assignment, table: Table, source: Source) -> Layer:
    layer = Layer(source=source)
    if assignment.operator is Operator.REMOVE:
        _remove(assignment, table, layer)
        return layer
    layer.add(assignment.nested())
    if not layer.problems:
        _check_presence(assignment, table, layer)
    if not layer.problems:
        table.apply(layer.changes)
    return layer


def _remove(assignment: Assignment, table: Table, layer: Layer) -> None:
    key = _real(assignment.key)
    if node_at(key) is None:
        layer.complain(key, unknown_key(key))
        return
    if _map_of(key) is not None and not table.under(key):
        layer.complain(key, f"is not set, so it can't be removed{_there(key, table)}")
        return
    if assignment.has_value and not _is_equal(key, assignment.value, table):
        leaf = table.get(key)
        there = "not set" if leaf is None else quoted(settled_at(key, leaf.value))
        said = f"is {there}, not {quoted(assignment.value)}"
        is_secret = any(map(looks_secret, key))
        layer.complain(key, f"{'has another value' if is_secret else said}, and so is not removed")
        return
    if key not in _CHOICES:
        table.apply([Change(key=key, source=layer.source, clears=True)])


def _is_equal(key: Key, value: Any, table: Table) -> bool:
    node, leaf = node_at(key), table.get(key)
    if not isinstance(node, Field):
        return False
    there = node.default if leaf is None else leaf.value
    return bool(settled_at(key, value) == settled_at(key, there))


def _check_presence(assignment: Assignment, table: Table, layer: Layer) -> None:
    """In an open map, `=` changes what is there and `+` adds what is not."""
    key = _real(assignment.key)
    if _map_of(key) is None or key == _map_of(key):
        return
    written = dotted(assignment.key)
    there = table.under(key)
    if key != assignment.key and not _there(assignment.key, table).startswith(_MEANT):
        return  # a compute's own setting: its class declares it, and preflight asks that class
    if assignment.operator is Operator.CHANGE and not there:
        hint = _there(assignment.key, table)
        layer.complain(assignment.key, f"is not set{hint}: to add it, write +{written}=...")
    if assignment.operator is Operator.ADD:
        older = [leaf for leaf in there.values() if leaf.source.layer != OVERRIDE]
        if older:
            message = f"is set already ({older[0].source}): to change it, write {written}=..."
            layer.complain(assignment.key, message)


def _real(key: Key) -> Key:
    """The key in the schema: what a compute doesn't declare is one of its params."""
    compute = schema().children["compute"]
    assert isinstance(compute, Group)
    is_param = key[:1] == COMPUTE and len(key) > 1 and key[1] not in compute.children
    return (*COMPUTE, "params", *key[1:]) if is_param else key


def _map_of(key: Key) -> Key | None:
    """The open map that a key is in."""
    for length in range(1, len(key) + 1):
        if isinstance(node_at(key[:length]), Map):
            return key[:length]
    return None


def _there(key: Key, table: Table) -> str:
    """The nearest key that is set, or all that are, for a message."""
    real = _real(key)
    place = _map_of(real)
    assert place is not None
    names = {dotted(each[len(place) :]) for each in table.under(place)}
    likeness = 0.6 if key == real else _SAME_BUT_FOR_A_SLIP
    match = nearest(dotted(real[len(place) :]), names, likeness=likeness)
    if key[:1] == COMPUTE and key != real and match is None:
        compute = schema().children["compute"]
        assert isinstance(compute, Group)
        match = nearest(key[1], compute.children, likeness=likeness)
    shown = dotted(key[: len(key) - (len(real) - len(place))])
    if match is not None:
        return f"{_MEANT} {shown}.{match}?"
    return f" (there is {listed(sorted(names))})" if names else ""
