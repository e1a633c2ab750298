"""What to say about a key that no setting has: the nearest one, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from framework.config.foreign_keys import FOREIGN
from framework.config.schema import Group, Key, dotted, fields, node_at
from framework.domain.suggestions import listed, nearest
from framework.settings import Endpoint

_MEANT = {
    "endpoint_name": "endpoint",
    "deployment_name": "deployment",
    "job_name": "name",
    "inputs": "input",
    "outputs": "output.path",
    "output_path": "output.path",
    "output_format": "output.format",
    "model_path": "model.path",
    "script": "code_configuration.scoring_script",
    "batch_size": "mini_batch_size",
    "concurrency": "max_concurrency_per_instance",
    "workers": "resources.instance_count",
    "instances": "resources.instance_count",
    "instance_type": "compute",
    "env": "environment_variables",
}


def unknown_key(key: Key) -> str:
    """`unknown key`, and what was probably meant."""
    match = _meant(key)
    if match is not None:
        return f"unknown key, did you mean {match!r}?"
    parent = node_at(key[:-1])
    if key[:-1] and isinstance(parent, Group):
        return f"unknown key, there is {listed(parent.children)} below {dotted(key[:-1])}"
    return "unknown key, see 'framework config show' for all there are"


def _meant(key: Key) -> str | None:
    parent, name = node_at(key[:-1]), key[-1]
    if "://" in dotted(key) or "/" in dotted(key):
        return "input=" + "..." if len(key) == 1 or "://" in dotted(key) else None
    elsewhere = [dotted(each) for each, _ in fields() if each[-1] == name]
    if elsewhere:
        return elsewhere[0]
    if isinstance(parent, Group):
        match = nearest(name, (*parent.children, *FOREIGN.get(dotted(key[:-1]), ())))
        if match is not None:
            return dotted((*key[:-1], match))
    if name in _MEANT:
        return _MEANT[name]
    by_name = {each[-1]: dotted(each) for each, _ in reversed(list(fields()))}
    match = nearest(name, by_name)
    return by_name[match] if match else nearest(dotted(key), map(dotted, dict(fields())))


def unknown_endpoint_key(name: str) -> str:
    """The same for a key of an endpoint's file."""
    known = sorted(Endpoint.__dataclass_fields__)
    match = nearest(name, (*known, *FOREIGN["endpoint"]))
    if match is not None:
        return f"unknown key of an endpoint, did you mean {match!r}?"
    if node_at((name,)) is not None:
        return f"unknown key of an endpoint, did you mean 'settings.{name}'?"
    return f"unknown key of an endpoint, there is {listed(known)}"


def unknown_foreign_key(key: Key, known: Mapping[str, Any], depth: int) -> str:
    """The same for a key below one of Azure ML's own, which has `known` below its first `depth`."""
    for part in key[depth:-1]:
        known = known[part]
    match = nearest(key[-1], known)
    if match is not None:
        return f"unknown key, did you mean {dotted((*key[:-1], match))!r}?"
    return f"unknown key, there is {listed(known)} below {dotted(key[:-1])}"


def unknown_file_key(name: str, kind: str, known: Iterable[str]) -> str:
    """The same for a key of a file that has its keys to itself: a datastore, a data asset."""
    names = sorted(known)
    match = nearest(name, names)
    hint = f"did you mean {match!r}?" if match else f"there is {listed(names)}"
    return f"unknown key of a {kind}, {hint}"
