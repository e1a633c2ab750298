"""The keys that choose a file of the registry: who chose what."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from framework.config.changes import COMPUTE, COMPUTE_NAME, OVERRIDE, Layer, Source
from framework.config.overrides import Assignment, Operator
from framework.config.schema import Key, dotted
from framework.domain.references import UnsetError, expand
from framework.errors import ConfigurationError, Problem

DEFAULT_COMPUTE = ("default_compute",)
_CHOOSING = frozenset({("endpoint",), ("deployment",), COMPUTE_NAME, DEFAULT_COMPUTE})


@dataclass(frozen=True, slots=True)
class Choice:
    """A name, and where it was chosen."""

    name: str
    source: Source


def choices_of(assignments: Iterable[Assignment]) -> dict[Key, Choice | None]:
    """What overrides choose; `None` where they take a choice back."""
    chosen: dict[Key, Choice | None] = {}
    for assignment in assignments:
        if assignment.operator is Operator.REMOVE:
            key = COMPUTE_NAME if assignment.key == COMPUTE else assignment.key
            chosen |= {key: None} if key in _CHOOSING else {}
            continue
        layer = Layer(source=Source(layer=OVERRIDE)).add(assignment.nested())
        for change in layer.changes:
            if change.key in _CHOOSING and not change.clears:
                is_taken_back = change.value is None or change.value == "null"
                choice = (
                    None if is_taken_back else choice_of(change.key, change.value, change.source)
                )
                chosen[change.key] = choice
    return chosen


def choice_of(key: Key, value: object, source: Source) -> Choice:
    """The choice that a value at a key is.

    Raises:
        ConfigurationError: It is no name.
    """
    try:
        name = expand(value, os.environ) if isinstance(value, str) else None
    except UnsetError as error:
        problem = Problem(key=dotted(key), message=str(error), source=str(source))
        raise ConfigurationError(problem) from None
    if not name:
        problem = Problem(key=dotted(key), message="needs a name", source=str(source))
        raise ConfigurationError(problem)
    return Choice(name, source)


def chosen_in(layers: Iterable[Layer], key: Key) -> Choice | None:
    """What the layers choose at a key, the last one counting."""
    changes = [change for layer in layers for change in layer.changes if change.key == key]
    values = [change for change in changes if change.value is not None]
    return choice_of(key, values[-1].value, values[-1].source) if values else None


def asked_for_by(source: Source) -> str:
    """Where a name that isn't there was written, for a message; empty for an override."""
    return "" if source.layer == OVERRIDE else f" (asked for by {source})"
