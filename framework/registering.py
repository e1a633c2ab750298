"""Registering models: what the command line, deployments and Python callers share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from framework.config import find_conf
from framework.config.model_users import model_users
from framework.errors import ModelError, UsageError
from framework.models import Description, ModelRegistry, ModelVersion, OnProgress, Registered
from framework.models.fetching import on_this_machine
from framework.storage import NO_OPTIONS, Options, Store, open_store

_MLFLOW_FILE = "MLmodel"


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
    storage_options: Options = NO_OPTIONS,
) -> str:
    """Registers a model in a workspace, unless its content is there already.

    Args:
        workspace: A folder or a URL.
        name: The model's name.
        path: Its file or folder, or the URL of one.
        type: `custom_model` or `mlflow_model`.
        version: A version of one's own choice; else the next number.
        description: For people; kept as it was where absent.
        tags: For people; kept as they were where absent.
        properties: For people; kept as they were where absent.
        on_progress: Told how many bytes are done, and of how many.
        storage_options: By URL, what fsspec needs to open the workspace and the path.

    Returns:
        `azureml:name:version`: the version that has this content.

    Raises:
        ModelError: Name, version or file can't be used, or the version has other content.
        StorageError: The workspace can't be written.
    """
    said = Description(description=description, tags=tags, properties=properties)
    done = register(
        open_store(workspace, storage_options),
        name,
        path,
        type=type,
        version=version,
        description=said,
        on_progress=on_progress,
        options=storage_options,
    )
    return done.model.reference


def register(  # noqa: PLR0913  the same
    workspace: Store,
    name: str,
    path: str | Path,
    *,
    type: str,  # noqa: A002  Azure ML's word
    version: str | None,
    description: Description,
    on_progress: OnProgress | None,
    options: Options = NO_OPTIONS,
) -> Registered:
    """The same; says whether the version is new.

    Raises:
        ModelError: Name, version or file can't be used, or the version has other content.
        StorageError: The workspace can't be written.
    """
    registry = ModelRegistry(workspace)
    with on_this_machine(path, options, on_progress) as source:
        if type == "mlflow_model":
            _check_mlflow(path, Path(source))
        return registry.register(
            name,
            source,
            type=type,
            version=version,
            description=description,
            on_progress=on_progress,
        )


def _check_mlflow(path: str | Path, source: Path) -> None:
    if source.exists() and not (source / _MLFLOW_FILE).is_file():
        raise ModelError(
            f"model {path} is no mlflow_model: that is a folder with a file {_MLFLOW_FILE}, as "
            "mlflow's save_model makes it; the type of any other is custom_model"
        )


def delete_model(
    registry: ModelRegistry, conf: str | None, name: str, version: str | None = None
) -> list[ModelVersion]:
    """Deletes a version or all versions of a model that no deployment names.

    Raises:
        NotFoundError: There is none.
        UsageError: A deployment names it.
    """
    check_unused(registry, conf, name, version)
    return registry.delete(name, version)


def check_unused(
    registry: ModelRegistry, conf: str | None, name: str, version: str | None = None
) -> None:
    """Makes sure that no deployment names what is to be deleted.

    Raises:
        UsageError: One does.
        NotFoundError: It isn't there.
    """
    there = registry.versions(name)
    live = [model.version for model in there if not model.is_archived]
    gone = {model.version for model in there} if version is None else {version}
    newest = live[0] if live else None
    config = find_conf(conf)
    if config is None:
        return
    for user in model_users(config, name):
        needed = newest if user.version is None else user.version
        if needed in gone or not there:
            what = f"model {name}" if version is None else f"model {name}:{version}"
            raise UsageError(
                f"{what} is what {user.where} scores with: change or delete that one first, or "
                f"`model archive {name}`, which hides it and keeps it usable"
            )
