"""The layers laid over each other: each key with its last value and where that was written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from framework.config.changes import ENVIRONMENT_NAME, Change, Source
from framework.config.schema import Key
from framework.config.shorthands import is_registry_reference

_MODEL_PATH = ("model", "path")
_MODEL_NAME = ("model", "name")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value and where it was written."""

    value: Any
    source: Source


class Table:
    """The values that layers have set so far; what no layer has set is not in it."""

    def __init__(self) -> None:
        self._leaves: dict[Key, Leaf] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._leaves

    def get(self, key: Key) -> Leaf | None:
        """The value at a key."""
        return self._leaves.get(key)

    def put(self, key: Key, leaf: Leaf) -> None:
        """Sets one value, whatever it replaces."""
        self._leaves[key] = leaf

    def under(self, key: Key) -> dict[Key, Leaf]:
        """The value at a key and all below it."""
        return {each: leaf for each, leaf in self._leaves.items() if each[: len(key)] == key}

    def clear(self, key: Key) -> None:
        """Forgets a key and all below it."""
        for each in self.under(key):
            del self._leaves[each]

    def apply(self, changes: Iterable[Change]) -> None:
        """Lays one layer's changes over what is there."""
        for change in changes:
            self.clear(change.key)
            if not change.clears:
                self._set(change)

    def _set(self, change: Change) -> None:
        for length in range(1, len(change.key)):
            self._leaves.pop(change.key[:length], None)
        if change.key == _MODEL_PATH:
            self._forget_registered_model(change.source)
        if change.key == ENVIRONMENT_NAME and is_registry_reference(str(change.value)):
            self._forget_described_environment(change.source)
        self._leaves[change.key] = Leaf(change.value, change.source)

    def _forget_described_environment(self, source: Source) -> None:
        """A registered environment takes the place of one that an older layer describes."""
        for key, leaf in self.under(ENVIRONMENT_NAME[:1]).items():
            if leaf.source.layer != source.layer:
                self.clear(key)

    def _forget_registered_model(self, source: Source) -> None:
        """A path given later takes the place of a model from the registry."""
        name = self._leaves.get(_MODEL_NAME)
        if name is None or name.source.layer == source.layer:
            return
        if isinstance(name.value, str) and is_registry_reference(name.value):
            self.clear(_MODEL_NAME)
            self.clear(("model", "version"))
