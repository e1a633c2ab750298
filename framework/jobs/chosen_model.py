"""Which model a job scores with, from its settings and, once it has begun, from its identity."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framework.domain.models import ModelSource
from framework.errors import FrameworkError, ModelError, NotFoundError, UsageError
from framework.models import (
    Content,
    ModelReference,
    ModelRegistry,
    ModelVersion,
    parse_reference,
    read_content,
)
from framework.settings import Settings
from framework.storage import open_store
from framework.storage.paths import local_form


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenModel:
    """A model that is there and whole.

    Attributes:
        identity: What a job's record says of it; without a version while it is not registered.
        source: Where instances find it.
        unregistered: What an inline model is to be registered as when the job starts.
    """

    identity: Mapping[str, Any]
    source: ModelSource
    unregistered: ModelReference | None = None

    @property
    def title(self) -> str:
        """What `job show` calls it."""
        return self.source.title


def choose_model(settings: Settings) -> ChosenModel | None:
    """Looks for the model that the settings ask for; writes nothing.

    Raises:
        ModelError: It isn't there, can't be read, or is not what was registered.
        NotFoundError: The registry has no such model.
    """
    model = settings.model
    if model.path is not None:
        path = checked_path(model.path)
        named = None if model.name is None else parse_reference(model.name, model.version)
        return _of_path(path, read_content(path), named)
    if model.name is None:
        return None
    registry = ModelRegistry(open_store(settings.workspace))
    found = registry.get(parse_reference(model.name, model.version))
    registry.check(found)
    return _of_version(registry, found)


def registered(chosen: ChosenModel, settings: Settings) -> ChosenModel:
    """The model with an inline one registered: the same content gets the same version.

    Raises:
        ModelError: Its version is there with other content.
    """
    if chosen.unregistered is None:
        return chosen
    registry = ModelRegistry(open_store(settings.workspace))
    reference = chosen.unregistered
    done = registry.register(
        reference.name,
        chosen.identity["path"],
        type=settings.model.type,
        version=reference.version,
    )
    return _of_version(registry, done.model)


def same_again(
    identity: Mapping[str, Any] | None, settings: Settings, job: str
) -> ChosenModel | None:
    """The model that a job began with, whatever `@latest` is by now.

    Args:
        identity: What the job's record says of its model.
        settings: The job's.
        job: Its name.

    Raises:
        ModelError: It is gone, or is not what it was.
        UsageError: A model that isn't registered has changed.
    """
    if identity is None or "version" not in identity:
        path = None if settings.model.path is None else checked_path(settings.model.path)
        chosen = None if path is None else _of_path(path, read_content(path), None)
        if (None if chosen is None else chosen.identity) != identity:
            raise UsageError(f"job {job}: the model has changed since it was created")
        return chosen
    reference = ModelReference(identity["name"], identity["version"])
    registry = ModelRegistry(open_store(settings.workspace))
    try:
        found = registry.get(reference)
    except NotFoundError as error:
        raise ModelError(f"job {job} began with model {reference}: {error}") from error
    if found.sha256 != identity["sha256"]:
        raise ModelError(
            f"job {job} began with model {reference} of checksum {identity['sha256'][:12]}…, and "
            f"the workspace has one of {found.sha256[:12]}…"
        )
    registry.check(found)
    return _of_version(registry, found)


def moved_on(identity: Mapping[str, Any] | None, settings: Settings) -> str | None:
    """What the same settings mean by now, where that is another model than a job began with.

    Returns:
        `m:1 -> m:2`; `None` where it is the same, or can't be told.
    """
    if identity is None or "version" not in identity:
        return None  # a model that isn't registered is compared when the job is resumed
    try:
        by_now = choose_model(settings)
    except FrameworkError:
        return None  # gone: the job may be complete, and needs it no more
    if by_now is None or by_now.identity["sha256"] == identity["sha256"]:
        return None
    return f"{identity['name']}:{identity['version']} -> {by_now.title}"


def checked_path(text: str) -> str:
    """The absolute path of a model that is used in place.

    Raises:
        ModelError: It isn't there.
    """
    if local_form(text) is None:
        raise ModelError(
            f"model.path: {text} is not on this machine; `model create --path` registers it, and "
            "model=azureml:NAME:VERSION then scores with it"
        )
    path = Path(local_form(text) or "").expanduser().absolute()
    if not os.path.exists(path):  # noqa: PTH110  Path.exists raises below a closed folder
        raise ModelError(f"model.path: {path} does not exist")
    if not os.access(path, os.R_OK):
        raise ModelError(f"model.path: {path} can't be read")
    return str(path)


def _of_path(path: str, content: Content, named: ModelReference | None) -> ChosenModel:
    store = open_store(os.path.dirname(os.path.abspath(path)))  # noqa: PTH100, PTH120
    source = ModelSource(
        title=path,
        url=store.url,
        path=content.file_name,
        sha256=content.sha256,
        size=content.size,
    )
    identity = {"path": path, "size": content.size, "sha256": content.sha256}
    return ChosenModel(identity=identity, source=source, unregistered=named)


def _of_version(registry: ModelRegistry, model: ModelVersion) -> ChosenModel:
    source = registry.source(model)
    identity = {
        "name": model.name,
        "version": model.version,
        "path": f"{source.url.rstrip('/')}/{source.path}",
        "size": model.size,
        "sha256": model.sha256,
    }
    return ChosenModel(identity=identity, source=source)
