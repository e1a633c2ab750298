"""Which layers a job has, and in what order they are laid over each other.

Framework defaults, `conf/config.yaml`, the endpoint's settings, its deployment, overrides. The
file of the chosen compute comes right below the first layer that chose it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from framework.config.changes import BUILT_IN, COMPUTE_NAME, Change, Layer
from framework.config.choices import Choice, asked_for_by, choice_of, choices_of, chosen_in
from framework.config.computes import with_compute
from framework.config.files import config_layer, deployment_of, endpoint_of, open_file
from framework.config.overrides import Assignment
from framework.config.registry import Registry
from framework.config.resolving import settled_at
from framework.config.schema import Key
from framework.config.table import Table
from framework.domain.suggestions import listed
from framework.errors import ConfigurationError, NotFoundError, Problem

_ENDPOINT = ("endpoint",)
_DEPLOYMENT = ("deployment",)


def stack(
    assignments: Iterable[Assignment], conf: Path | None, computes: Collection[str] | None
) -> list[Layer]:
    """Reads the files that a job is composed from.

    Args:
        assignments: The overrides: they may choose the endpoint, the deployment and the compute.
        conf: The workspace's `config.yaml`.
        computes: The names of registered computes; asked of the plugins where absent.

    Raises:
        ConfigurationError: A file is broken, or a choice is missing.
        NotFoundError: What was chosen is not there.
    """
    registry = Registry(conf)
    chosen = choices_of(assignments)
    layers = [config_layer(conf)] if conf is not None else []
    layers += _endpoint_layers(registry, layers, chosen)

    def registered() -> Collection[str]:
        return _registered(layers, assignments) if computes is None else computes

    return with_compute(registry, layers, chosen, registered)


def stack_again(record: Layer, assignments: Iterable[Assignment], conf: Path | None) -> list[Layer]:
    """The layers of a job that is restored: what it began with, and the compute if that is new.

    Args:
        record: What was stored of the job.
        assignments: The overrides.
        conf: The workspace's `config.yaml`.

    Raises:
        ConfigurationError: The compute's file is broken.
        NotFoundError: There is no such compute.
    """
    chosen = choices_of(assignments)
    if COMPUTE_NAME not in chosen:
        return [record]
    layers = [record]
    return with_compute(Registry(conf), layers, chosen, lambda: _registered(layers, assignments))


def _endpoint_layers(
    registry: Registry, layers: list[Layer], chosen: dict[Key, Choice | None]
) -> list[Layer]:
    endpoint = chosen[_ENDPOINT] if _ENDPOINT in chosen else chosen_in(layers, _ENDPOINT)
    deployment = chosen[_DEPLOYMENT] if _DEPLOYMENT in chosen else chosen_in(layers, _DEPLOYMENT)
    if endpoint is None:
        if deployment is not None:
            raise _homeless(registry, deployment)
        return []
    path = registry.path(endpoint.name, "endpoint", hint=asked_for_by(endpoint.source))
    file = endpoint_of(*open_file(path), endpoint.name)
    if deployment is None:
        if file.default_deployment is None:
            raise _no_default(registry, endpoint)
        deployment = choice_of(_DEPLOYMENT, file.default_deployment, file.layer.source)
    path = registry.path(
        deployment.name, "deployment", endpoint.name, hint=asked_for_by(deployment.source)
    )
    own = deployment_of(*open_file(path), deployment.name, endpoint.name)
    identity = Layer(source=file.layer.source)
    identity.changes += [
        Change(key=_ENDPOINT, value=endpoint.name, source=endpoint.source),
        Change(key=_DEPLOYMENT, value=deployment.name, source=deployment.source),
    ]
    return [file.layer, own, identity]


def _registered(layers: Iterable[Layer], assignments: Iterable[Assignment]) -> Collection[str]:
    """The types that plugins register: asked only for a compute that has no file."""
    from framework.plugin import load_plugins

    table = Table()
    for layer in (*layers, *(Layer(source=BUILT_IN).add(each.nested()) for each in assignments)):
        table.apply(layer.changes)
    lists = []
    for key in (("plugins",), ("plugins_disabled",)):
        leaf = table.get(key)
        value = settled_at(key, leaf.value) if leaf else []
        lists.append([str(item) for item in (value if isinstance(value, list) else [value])])
    extra, disabled = lists
    return load_plugins(extra, disabled).computes


def _homeless(registry: Registry, deployment: Choice) -> ConfigurationError | NotFoundError:
    homes = [
        endpoint
        for endpoint in registry.names("endpoint")
        if deployment.name in registry.names("deployment", endpoint)
    ]
    if not homes and not registry.names("endpoint"):
        return registry.not_found(
            deployment.name, "deployment", hint=asked_for_by(deployment.source)
        )
    said = f"{deployment.name!r} needs its endpoint: give endpoint=..."
    where = f", such as endpoint={homes[0]}" if homes else ""
    return ConfigurationError(
        Problem(key="deployment", message=said + where, source=str(deployment.source))
    )


def _no_default(registry: Registry, endpoint: Choice) -> ConfigurationError:
    known = registry.names("deployment", endpoint.name)
    there = f"there is {listed(known)}" if known else "it has none yet"
    message = f"endpoint {endpoint.name!r} has no default deployment: give deployment=... ({there})"
    return ConfigurationError(
        Problem(key="deployment", message=message, source=str(endpoint.source))
    )
