"""Azure ML's references: `azureml:name:version` to assets, `azureml://datastores/...` to paths."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from framework.config.values import quoted

PREFIX = "azureml:"
LATEST = "latest"

_PLURALS = {
    "environment": "environments",
    "data asset": "data",
    "model": "models",
    "compute": "computes",
}
_INSTEAD = {
    "environment": "environment=current runs scorers in this interpreter",
    "data asset": "give the path or URL of the files",
    "model": "download it and give model.path",
}
_RESOURCE = re.compile(
    r"azureml:/+(?:subscriptions|locations)/.+/(?P<kind>environments|data|models|computes)"
    r"/(?P<name>[^/]+)(?:/(?P<how>versions|labels)/(?P<version>[^/]+))?",
    re.IGNORECASE | re.DOTALL,
)
_DATASTORE = re.compile(
    r"azureml://(?:subscriptions/[^/]+/resourcegroups/[^/]+/(?:providers/[^/]+/)?workspaces/[^/]+/)?"
    r"datastores/(?P<name>[^/]+)(?:/?|/paths(?:/(?P<path>.*))?)",
    re.IGNORECASE | re.DOTALL,
)
_IN_DATASTORE = re.compile(
    r"(?P<root>azureml://(?:.+/)?datastores/[^/]+)/(?:path/)?(?P<path>.+)",
    re.IGNORECASE | re.DOTALL,
)


class BrokenReferenceError(ValueError):
    """A reference can't be read, or leads to where nothing here can follow; says why."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A reference to something with versions: `None` is the latest."""

    name: str
    version: str | None = None

    def __str__(self) -> str:
        return self.name if self.version is None else f"{self.name}:{self.version}"


@dataclass(frozen=True, slots=True)
class DatastorePath:
    """A reference to what lies in a datastore, relative to its root."""

    datastore: str
    path: str


def is_reference(text: str) -> bool:
    """Whether a text is one of Azure ML's references, of any form."""
    return text[: len(PREFIX)].lower() == PREFIX


def is_datastore_path(text: str) -> bool:
    """Whether a text refers to a path in a datastore."""
    return _DATASTORE.fullmatch(text) is not None


def read_asset(text: str, kind: str) -> Asset:
    """What a reference to an environment, a data asset, a model or a compute names.

    Args:
        text: `azureml:name`, `azureml:name:version`, `azureml:name@latest`, the same without
            `azureml:`, or Azure's long form with subscription and workspace.
        kind: `environment`, `data asset`, `model` or `compute`.

    Raises:
        BrokenReferenceError: It is none, or one to something that only Azure has.
    """
    match = _RESOURCE.fullmatch(text)
    if match is not None and match["kind"].lower() == _PLURALS[kind]:
        if (match["how"] or "").lower() == "labels":
            return _labelled(text, match["name"], match["version"])
        return Asset(match["name"], match["version"])
    short = text[len(PREFIX) :] if is_reference(text) else text
    if short.startswith("/"):
        raise BrokenReferenceError(_elsewhere(text, kind))
    name, at, label = short.partition("@")
    if at and ":" not in name:
        return _labelled(text, name, label)
    name, colon, version = short.partition(":")
    if not name or (colon and not version) or re.search(r"[:/@\s]", f"{name}{version}"):
        form = f"{PREFIX}NAME:VERSION or {PREFIX}NAME@{LATEST}"
        raise BrokenReferenceError(f"{quoted(text)} is no reference to a {kind}: write {form}")
    return Asset(name, version or None)


def read_datastore_path(text: str) -> DatastorePath:
    """What a reference to a path in a datastore names.

    Raises:
        BrokenReferenceError: It is none, or its path would leave the datastore.
    """
    match = _DATASTORE.fullmatch(text)
    if match is None:
        raise BrokenReferenceError(_no_path(text))
    path = (match["path"] or "").lstrip("/")
    if ".." in re.split(r"[/\\]", unquote(path)):
        raise BrokenReferenceError(f"{quoted(text)} must not have '..': it stays in its datastore")
    return DatastorePath(match["name"], path)


def _labelled(text: str, name: str, label: str) -> Asset:
    if label != LATEST or not name:
        message = f"{quoted(text)} has the label {label!r}: only @{LATEST} is known"
        raise BrokenReferenceError(message)
    return Asset(name)


def _elsewhere(text: str, kind: str) -> str:
    lower = text.lower()
    if _IN_DATASTORE.fullmatch(text):
        return _no_path(text)
    if lower.startswith("azureml://jobs/"):
        return f"{quoted(text)} is the output of a job of Azure's, which can't be read here"
    instead = _INSTEAD.get(kind)
    where = "a registry of Azure's" if "://registries/" in lower else "Azure"
    said = f"{quoted(text)} is in {where}, which can't be reached from here"
    return f"{said}: {instead}" if instead else said


def _no_path(text: str) -> str:
    lower = text.lower()
    if lower.startswith(("azureml://jobs/", "azureml://registries/")):
        return _elsewhere(text, "model" if "/models/" in lower else "data asset")
    match = _IN_DATASTORE.fullmatch(text)
    root, path = (match["root"], match["path"]) if match else ("azureml://datastores/NAME", "PATH")
    return f"{quoted(text)} is no path in a datastore: write {root}/paths/{path}"
