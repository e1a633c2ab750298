"""Which layers a job has, and in what order they are laid over each other.

Framework defaults, `conf/config.yaml`, the endpoint's settings, its deployment, overrides. The
file of the chosen compute comes right below the layer that chose it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from framework.config.changes import COMPUTE, COMPUTE_NAME, OVERRIDE, Change, Layer, Source
from framework.config.files import compute_layer, config_layer, deployment_layer, endpoint_file
from framework.config.overrides import Assignment, Operator
from framework.config.references import UnsetError, expand
from framework.config.registry import Registry
from framework.config.schema import Key
from framework.config.shorthands import compute_name
from framework.config.suggestions import listed, nearest
from framework.errors import ConfigurationError, NotFoundError, Problem

_ENDPOINT = ("endpoint",)
_DEPLOYMENT = ("deployment",)
_DEFAULT_COMPUTE = ("default_compute",)
_LOCAL = "local"


def stack(
    assignments: Iterable[Assignment], conf: Path | None, computes: Collection[str] | None
) -> list[Layer]:
    """Reads the files that a job is composed from.

    Args:
        assignments: The overrides: they may choose the endpoint, the deployment and the compute.
        conf: The workspace's `config.yaml`.
        computes: The names of registered computes, where the caller knows them.

    Raises:
        ConfigurationError: A file is broken, or a choice is missing.
        NotFoundError: What was chosen is not there.
    """
    registry = Registry(conf)
    chosen = _choices(assignments)
    layers = [config_layer(conf)] if conf is not None else []
    layers += _endpoint_layers(registry, layers, chosen)
    return _with_compute(registry, layers, chosen, computes)


@dataclass(frozen=True, slots=True)
class _Choice:
    name: str
    source: Source


def _choices(assignments: Iterable[Assignment]) -> dict[Key, _Choice | None]:
    """What the overrides choose; `None` where they take a choice back."""
    chosen: dict[Key, _Choice | None] = {}
    for each in assignments:
        key = COMPUTE_NAME if each.key == COMPUTE and not isinstance(each.value, dict) else each.key
        if key not in {_ENDPOINT, _DEPLOYMENT, COMPUTE_NAME, _DEFAULT_COMPUTE}:
            continue
        if each.operator is Operator.REMOVE or each.value is None or each.value == "null":
            chosen[key] = None
        else:
            chosen[key] = _choice(key, each.value, Source(layer=OVERRIDE))
    return chosen


def _choice(key: Key, value: object, source: Source) -> _Choice:
    try:
        name = expand(str(value), os.environ)
    except UnsetError as error:
        problem = Problem(key=".".join(key), message=str(error), source=str(source))
        raise ConfigurationError(problem) from None
    if not name:
        problem = Problem(key=".".join(key), message="needs a name", source=str(source))
        raise ConfigurationError(problem)
    return _Choice(name, source)


def _in_layers(layers: list[Layer], key: Key) -> _Choice | None:
    for layer in reversed(layers):
        for change in reversed(layer.changes):
            if change.key == key and change.value is not None:
                return _choice(key, change.value, change.source)
    return None


def _endpoint_layers(
    registry: Registry, layers: list[Layer], chosen: dict[Key, _Choice | None]
) -> list[Layer]:
    endpoint = chosen[_ENDPOINT] if _ENDPOINT in chosen else _in_layers(layers, _ENDPOINT)
    deployment = chosen[_DEPLOYMENT] if _DEPLOYMENT in chosen else _in_layers(layers, _DEPLOYMENT)
    if endpoint is None:
        if deployment is not None:
            raise _homeless(registry, deployment)
        return []
    file = endpoint_file(registry.path(endpoint.name, "endpoint", hint=_by(endpoint.source)))
    if deployment is None:
        if file.default_deployment is None:
            raise _no_default(registry, endpoint)
        deployment = _choice(_DEPLOYMENT, file.default_deployment, file.layer.source)
    path = registry.path(deployment.name, "deployment", endpoint.name, hint=_by(deployment.source))
    own = deployment_layer(path, endpoint.name)
    identity = Layer(source=file.layer.source)
    identity.changes += [
        Change(key=_ENDPOINT, value=endpoint.name, source=endpoint.source),
        Change(key=_DEPLOYMENT, value=deployment.name, source=deployment.source),
    ]
    return [file.layer, own, identity]


def _homeless(registry: Registry, deployment: _Choice) -> ConfigurationError | NotFoundError:
    homes = [
        endpoint
        for endpoint in registry.names("endpoint")
        if deployment.name in registry.names("deployment", endpoint)
    ]
    if not homes and not registry.names("endpoint"):
        return registry.not_found(deployment.name, "deployment", hint=_by(deployment.source))
    said = f"{deployment.name!r} needs its endpoint: give endpoint=..."
    where = f", such as endpoint={homes[0]}" if homes else ""
    return ConfigurationError(
        Problem(key="deployment", message=said + where, source=str(deployment.source))
    )


def _no_default(registry: Registry, endpoint: _Choice) -> ConfigurationError:
    known = registry.names("deployment", endpoint.name)
    there = f"there is {listed(known)}" if known else "it has none yet"
    message = f"endpoint {endpoint.name!r} has no default deployment: give deployment=... ({there})"
    return ConfigurationError(
        Problem(key="deployment", message=message, source=str(endpoint.source))
    )


def _with_compute(
    registry: Registry,
    layers: list[Layer],
    chosen: dict[Key, _Choice | None],
    computes: Collection[str] | None,
) -> list[Layer]:
    """Puts the chosen compute's file below the layer that chose it; drops others' keys."""
    place, choice = _compute(layers, chosen)
    is_overridden = COMPUTE_NAME in chosen
    for layer in layers if is_overridden else layers[:place]:
        if any(change.key == COMPUTE_NAME for change in layer.changes):
            layer.changes = [each for each in layer.changes if each.key[:1] != COMPUTE]
    name = choice.name if choice else _LOCAL
    own = Layer(source=choice.source if choice else Source(layer="default"))
    path = registry.find(name, "compute")
    if path is not None:
        own = compute_layer(path)
    elif choice is not None and not _is_type(registry, name, computes):
        others = tuple({_LOCAL, *(computes or ())})
        raise registry.not_found(name, "compute", others=others, hint=_by(choice.source))
    if choice is not None:
        own.changes.append(Change(key=COMPUTE_NAME, value=name, source=choice.source))
    return [*layers[:place], own, *layers[place:]]


def _compute(layers: list[Layer], chosen: dict[Key, _Choice | None]) -> tuple[int, _Choice | None]:
    if COMPUTE_NAME in chosen:
        choice = chosen[COMPUTE_NAME]
        if choice is not None:
            return len(layers), _bare(choice)
    else:
        for place in range(len(layers) - 1, -1, -1):
            choice = _in_layers(layers[place : place + 1], COMPUTE_NAME)
            if choice is not None:
                return place, _bare(choice)
    default = chosen.get(_DEFAULT_COMPUTE) or _in_layers(layers, _DEFAULT_COMPUTE)
    return 0, _bare(default) if default else None


def _bare(choice: _Choice) -> _Choice:
    return _Choice(compute_name(choice.name), choice.source)


def _is_type(registry: Registry, name: str, computes: Collection[str] | None) -> bool:
    """Whether a compute without a file is a registered type, as far as can be known here."""
    if computes is not None:
        return name == _LOCAL or name in computes
    return name == _LOCAL or nearest(name, (*registry.names("compute"), _LOCAL)) is None


def _by(source: Source) -> str:
    return "" if source.layer == OVERRIDE else f" (asked for by {source})"
