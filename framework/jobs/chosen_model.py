"""Which model a job scores with, from its settings and, once it has begun, from its identity."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framework.domain.homes import at_home
from framework.domain.models import ModelSource
from framework.errors import FrameworkError, ModelError, NotFoundError
from framework.jobs.record import JobRecord
from framework.models import (
    Content,
    ModelReference,
    ModelRegistry,
    ModelVersion,
    parse_reference,
    read_content,
)
from framework.models.fetching import on_this_machine, parent_of
from framework.models.stored_content import read_stored_content
from framework.settings import Settings
from framework.storage import Options, Store, open_store
from framework.storage.paths import local_form


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenModel:
    """A model that is there and whole.

    Attributes:
        identity: What a job's record says of it; without a version while it is not registered.
        source: Where instances find it.
        unregistered: What an inline model is to be registered as when the job starts.
        options: How its store is opened.
    """

    identity: Mapping[str, Any]
    source: ModelSource
    unregistered: ModelReference | None = None
    options: Options = field(default_factory=dict, repr=False, compare=False)

    @property
    def title(self) -> str:
        """What `job show` calls it."""
        return self.source.title


def choose_model(settings: Settings, workspace: Store) -> ChosenModel | None:
    """Looks for the model that the settings ask for; writes nothing.

    Raises:
        ModelError: It isn't there, can't be read, or is not what was registered.
        NotFoundError: The registry has no such model.
    """
    model = settings.model
    if model.path is not None:
        named = None if model.name is None else parse_reference(model.name, model.version)
        return _of_path(model.path, settings.storage_options, named)
    if model.name is None:
        return None
    registry = ModelRegistry(workspace)
    found = registry.get(parse_reference(model.name, model.version))
    registry.check(found)
    return _of_version(registry, found)


def registered(chosen: ChosenModel, settings: Settings, workspace: Store) -> ChosenModel:
    """The model with an inline one registered: the same content gets the same version.

    Raises:
        ModelError: Its version is there with other content.
    """
    if chosen.unregistered is None:
        return chosen
    registry = ModelRegistry(workspace)
    reference = chosen.unregistered
    path = settings.model.path
    assert path is not None  # what is inline has one
    with on_this_machine(_located(path), settings.storage_options) as here:
        done = registry.register(
            reference.name, here, type=settings.model.type, version=reference.version
        )
    return _of_version(registry, done.model)


def same_again(
    identity: Mapping[str, Any] | None, settings: Settings, record: JobRecord
) -> tuple[ChosenModel | None, str]:
    """The model that a job began with, whatever `@latest` is by now.

    Args:
        identity: What the job's record says of its model.
        settings: The job's.
        record: Its own.

    Returns:
        The model, and how one that isn't registered has changed; empty if it hasn't.

    Raises:
        ModelError: It is gone, or is not what was registered.
    """
    if identity is None or "version" not in identity:
        path = settings.model.path
        chosen = None if path is None else _of_path(path, settings.storage_options, None)
        return chosen, _change(identity, chosen.identity if chosen else None)
    reference = ModelReference(identity["name"], identity["version"])
    registry = ModelRegistry(record.workspace)
    try:
        found = registry.get(reference)
    except NotFoundError as error:
        raise ModelError(f"job {record.name} began with model {reference}: {error}") from error
    if found.sha256 != identity["sha256"]:
        raise ModelError(
            f"job {record.name} began with model {reference} of checksum "
            f"{identity['sha256'][:12]}…, and the workspace has one of {found.sha256[:12]}…"
        )
    registry.check(found)
    return _of_version(registry, found), ""


def _change(was: Mapping[str, Any] | None, by_now: Mapping[str, Any] | None) -> str:
    if was == by_now:
        return ""
    return f"model: the model has changed: {_told(was)} -> {_told(by_now)}"


def _told(identity: Mapping[str, Any] | None) -> str:
    if identity is None:
        return "none"
    return f"{identity['path']} ({identity['size']:,} bytes, SHA-256 {identity['sha256'][:12]}…)"


def moved_on(
    identity: Mapping[str, Any] | None, settings: Settings, workspace: Store
) -> str | None:
    """What the same settings mean by now, where that is another model than a job began with.

    Returns:
        `m:1 -> m:2`; `None` where it is the same, or can't be told.
    """
    if identity is None or "version" not in identity:
        return None  # a model that isn't registered is compared when the job is resumed
    try:
        by_now = choose_model(settings, workspace)
    except FrameworkError:
        return None  # gone: the job may be complete, and needs it no more
    if by_now is None or by_now.identity["sha256"] == identity["sha256"]:
        return None
    return f"{identity['name']}:{identity['version']} -> {by_now.title}"


def _located(text: str) -> str:
    """The absolute path of a model on this machine; a URL as it is.

    Raises:
        ModelError: It isn't there.
    """
    here = local_form(text)
    if here is None:
        return text
    path = Path(at_home(here)).absolute()
    if not os.path.exists(path):  # noqa: PTH110  Path.exists raises below a closed folder
        raise ModelError(f"model.path: {path} does not exist")
    if not os.access(path, os.R_OK):
        raise ModelError(f"model.path: {path} can't be read")
    return str(path)


def _of_path(text: str, options: Options, named: ModelReference | None) -> ChosenModel:
    """A model that is used where it lies."""
    store, content = _there(_located(text), options)
    url = f"{store.url.rstrip('/')}/{content.file_name}"
    source = ModelSource(
        title=url,
        url=store.url,
        path=content.file_name,
        sha256=content.sha256,
        size=content.size,
    )
    identity = {"path": url, "size": content.size, "sha256": content.sha256}
    return ChosenModel(identity=identity, source=source, unregistered=named, options=store.options)


def _there(place: str, options: Options) -> tuple[Store, Content]:
    if local_form(place) is None:
        store, name = parent_of(place, options)
        return store, read_stored_content(store, name)
    return open_store(os.path.dirname(place)), read_content(place)  # noqa: PTH120


def _of_version(registry: ModelRegistry, model: ModelVersion) -> ChosenModel:
    source = registry.source(model)
    identity = {
        "name": model.name,
        "version": model.version,
        "path": f"{source.url.rstrip('/')}/{source.path}",
        "size": model.size,
        "sha256": model.sha256,
    }
    return ChosenModel(identity=identity, source=source, options=registry.store.options)
