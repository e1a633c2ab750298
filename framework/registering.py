"""Registering models: what the command line, deployments and Python callers share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from framework.models import Description, ModelRegistry, OnProgress
from framework.storage import open_store


def register_model(  # noqa: PLR0913  what a model's YAML file can say
    *,
    workspace: str,
    name: str,
    path: str | Path,
    type: Literal["custom_model", "mlflow_model"] = "custom_model",  # noqa: A002  Azure ML's word
    version: str | None = None,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    properties: Mapping[str, str] | None = None,
    on_progress: OnProgress | None = None,
) -> str:
    """Registers a model in a workspace, unless its content is there already.

    Args:
        workspace: A folder or a URL.
        name: The model's name.
        path: Its file or folder, on this machine.
        type: `custom_model` or `mlflow_model`.
        version: A version of one's own choice; else the next number.
        description: For people; kept as it was where absent.
        tags: For people; kept as they were where absent.
        properties: For people; kept as they were where absent.
        on_progress: Told how many bytes are done, and of how many.

    Returns:
        `azureml:name:version`: the version that has this content.

    Raises:
        ModelError: Name, version or file can't be used, or the version has other content.
        StorageError: The workspace can't be written.
    """
    registered = ModelRegistry(open_store(workspace)).register(
        name,
        path,
        type=type,
        version=version,
        description=Description(description=description, tags=tags, properties=properties),
        on_progress=on_progress,
    )
    return registered.model.reference
