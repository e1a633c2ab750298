"""The chosen compute: its file among the layers, or a registered type without one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from framework.config.changes import COMPUTE, COMPUTE_NAME, DEFAULT, Change, Layer, Source
from framework.config.choices import DEFAULT_COMPUTE, Choice, asked_for_by, chosen_in
from framework.config.files import compute_of, open_file
from framework.config.registry import Registry
from framework.config.schema import Key
from framework.config.shorthands import without_prefix

_LOCAL = "local"


def with_compute(
    registry: Registry,
    layers: Sequence[Layer],
    chosen: Mapping[Key, Choice | None],
    computes: Callable[[], Collection[str]],
) -> list[Layer]:
    """The layers, with the chosen compute's own and without what they say of other computes.

    Args:
        registry: Where its file may be.
        layers: All below the overrides; changed in place.
        chosen: What the overrides choose.
        computes: Asked for the registered types, where the compute has no file.

    Raises:
        NotFoundError: It is neither a file nor a registered type.
    """
    by_layer = [chosen_in([layer], COMPUTE_NAME) for layer in layers]
    choice = _final(layers, by_layer, chosen)
    name = _LOCAL if choice is None else without_prefix(choice.name)
    others = [i for i, each in enumerate(by_layer) if each and without_prefix(each.name) != name]
    for index in others:
        layers[index].changes = [c for c in layers[index].changes if c.key[:1] != COMPUTE]
    own = _own_layer(registry, name, choice, computes)
    place = _place(by_layer, others, is_overridden=chosen.get(COMPUTE_NAME) is not None)
    return [*layers[:place], own, *layers[place:]]


def _final(
    layers: Sequence[Layer],
    by_layer: Sequence[Choice | None],
    chosen: Mapping[Key, Choice | None],
) -> Choice | None:
    if chosen.get(COMPUTE_NAME) is not None:
        return chosen[COMPUTE_NAME]
    named = [] if COMPUTE_NAME in chosen else [each for each in by_layer if each]
    if named:
        return named[-1]
    if DEFAULT_COMPUTE in chosen:
        return chosen[DEFAULT_COMPUTE]
    return chosen_in(layers, DEFAULT_COMPUTE)


def _place(by_layer: Sequence[Choice | None], others: list[int], *, is_overridden: bool) -> int:
    """Below the first layer that chose this compute after others; on top for an override's."""
    last_other = others[-1] if others else -1
    mine = [i for i, each in enumerate(by_layer) if each and i > last_other]
    if mine:
        return mine[0]
    return len(by_layer) if is_overridden else 0


def _own_layer(
    registry: Registry, name: str, choice: Choice | None, computes: Callable[[], Collection[str]]
) -> Layer:
    if registry.find(name, "compute") is not None:
        layer = compute_of(*open_file(registry.path(name, "compute")), name)
    else:
        layer = Layer(source=choice.source if choice else Source(layer=DEFAULT))
        if choice is not None and name != _LOCAL:
            _check_registered(registry, name, choice, computes)
    if choice is not None:
        layer.changes.append(Change(key=COMPUTE_NAME, value=name, source=choice.source))
    return layer


def _check_registered(
    registry: Registry, name: str, choice: Choice, computes: Callable[[], Collection[str]]
) -> None:
    known = {_LOCAL, *computes()}
    if name not in known:
        hint = asked_for_by(choice.source)
        raise registry.not_found(name, "compute", others=tuple(known), hint=hint)
