"""Downloading a model to where people want it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from framework.domain.homes import at_home
from framework.errors import OutputExistsError, StorageError
from framework.models.content import OnProgress
from framework.models.fetching import fetch, remove
from framework.models.registry import ModelRegistry
from framework.models.version import ModelVersion
from framework.storage.os_errors import explain, shown


def download(
    registry: ModelRegistry,
    model: ModelVersion,
    folder: str | Path,
    on_progress: OnProgress | None = None,
) -> Path:
    """Puts a model into the folder `<folder>/<name>/`, under its own name; whole or not at all.

    Raises:
        OutputExistsError: Something is there already.
        ModelError: It is gone, or is not what was registered.
        StorageError: The store or the disk fails.
    """
    above = Path(at_home(str(folder))).absolute() / model.name
    target = above / model.file_name
    if os.path.lexists(target):
        raise OutputExistsError(f"{shown(str(target))} exists already; give another folder")
    hidden = above / f".{secrets.token_hex(8)}.partial"
    try:
        hidden.mkdir(parents=True)
        fetch(registry.source(model), hidden, on_progress).rename(target)
    except OSError as error:
        raise StorageError(explain(error, "downloading to", str(above))) from error
    finally:
        remove(hidden)
    return target
