"""Creating, updating and deleting what `conf/` has, with everything checked before it is written.

Here meet the floors that know files and those that know scripts and models.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.config import compose, find_conf
from framework.config.editing import (
    Address,
    Draft,
    Editor,
    Model,
    Remover,
    Request,
    model_of,
    script_of,
    users_of,
)
from framework.config.files import type_and_params
from framework.engine.contract import Compute
from framework.environments import read_environment
from framework.errors import ConfigurationError, MissingExtraError, ModelError, NotFoundError
from framework.jobs.script_check import check_script
from framework.models import ModelRegistry
from framework.plugin import check_params, load_plugins, resolve
from framework.registering import register_model
from framework.storage import open_store

if TYPE_CHECKING:
    from collections.abc import Sequence

_REFERRING = ("compute", "environment", "model")
"""Keys of a deployment that may name something that has to be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What came of a request.

    Attributes:
        entity: The entry, as `show` prints it.
        notices: What people should be told of it.
    """

    entity: dict[str, Any]
    notices: Sequence[str]


def create(conf: str | None, request: Request, *, makes_default: bool = False) -> Registered:
    """Creates an entry, or makes it what the request says.

    Args:
        conf: The `conf/` folder; found as on the command line, and made where there is none.
        request: What is asked for.
        makes_default: Whether a deployment becomes its endpoint's default.

    Raises:
        ConfigurationError: All that is wrong with it.
        NotFoundError: A deployment's endpoint is not there.
        UsageError: Its name, script or model can't be used, or `conf/` can't be written to.
    """
    config = find_conf(conf) or Path.cwd() / "conf" / "config.yaml"
    is_made = not config.is_file()
    editor = Editor(config)
    request = _checked(editor, request, must_exist=False)
    draft = editor.save(request, makes_default=makes_default)
    made = (f"made {config.parent}, as there was no conf/ here",) if is_made else ()
    return Registered(entity=draft.entity, notices=(*made, *draft.notices, *_notes(draft)))


def update(conf: str | None, request: Request) -> Registered:
    """Changes an entry that is there.

    Raises:
        NotFoundError: It is not there, or what it is to refer to isn't.
        ConfigurationError: All that is wrong with the result.
        UsageError: Its script or model can't be used, or `conf/` can't be written to.
    """
    editor = Editor(_config(conf, request.address))
    request = _checked(editor, request, must_exist=True)
    draft = editor.save(request, must_exist=True)
    return Registered(entity=draft.entity, notices=draft.notices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """What would be deleted.

    Attributes:
        what: In words.
        users: Files that name it, and could no longer be used.
    """

    what: str
    users: Sequence[str]


def plan_deletion(conf: str | None, address: Address) -> Deletion:
    """What deleting an entry would take away.

    Raises:
        NotFoundError: It is not there.
        UsageError: It is its endpoint's default deployment.
    """
    config = _config(conf, address)
    more = Remover(config).check(address)
    what = f"{address} with {', '.join(more)}" if more else str(address)
    return Deletion(what=what, users=list(users_of(address, config)))


def delete(conf: str | None, address: Address) -> None:
    """Removes an entry; an endpoint with its deployments.

    Raises:
        NotFoundError: It is not there.
        UsageError: It is an endpoint's default, or can't be removed.
    """
    Remover(_config(conf, address)).delete(address)


def _config(conf: str | None, address: Address) -> Path:
    config = find_conf(conf)
    if config is None:
        said = f"there is no {address}: there is no conf/ here (see 'framework init')"
        raise NotFoundError(said)
    return config


def _checked(editor: Editor, request: Request, *, must_exist: bool) -> Request:
    """Checks what a deployment points at, and registers its model where it has a name."""
    if request.address.kind not in {"compute", "deployment", "environment"}:
        return request
    draft = editor.draft(request, must_exist=must_exist)
    if request.address.kind == "compute":
        _check_compute(editor, draft)
        return request
    if request.address.kind == "environment":
        _notes(draft)
        return request
    _check_references(editor, draft)
    source = script_of(draft, editor.registry)
    if source is not None:
        check_script(*source)
    model = model_of(draft)
    if model is None:
        return request
    if model.is_local and not Path(model.path).exists():
        raise ModelError(f"model.path: {model.path} is not there")
    return replace(request, model=_register(editor, model))


def _check_compute(editor: Editor, draft: Draft) -> None:
    """Checks a compute's settings by its type; not those that only an extra knows, without it.

    Raises:
        PluginError: There is no such type.
        ConfigurationError: All that is wrong with its settings.
    """
    settings = compose([], conf=str(editor.config), is_complete=False).settings
    plugins = load_plugins(settings.plugins, settings.plugins_disabled)
    name, params = type_and_params(draft.entity, draft.address.name)
    contribution = plugins.find_compute(name)
    try:
        factory = resolve(contribution, Compute)
    except MissingExtraError:
        return
    if problems := check_params(contribution, factory, params):
        raise ConfigurationError(*problems)


def _check_references(editor: Editor, draft: Draft) -> None:
    """Makes sure that what a deployment refers to is there.

    Raises:
        NotFoundError: A compute, an environment or a model is not.
    """
    data = draft.document.data
    named = [(key, data[key]) for key in _REFERRING if isinstance(data.get(key), str)]
    settings = compose(named, conf=str(editor.config), is_complete=False).settings
    if settings.model.name is not None:
        workspace = open_store(settings.workspace, settings.storage_options)
        ModelRegistry(workspace).get(settings.model.name)


def _notes(draft: Draft) -> Sequence[str]:
    """What is to be said of an environment's packages.

    Raises:
        ConfigurationError: They can't be read.
    """
    if draft.address.kind != "environment":
        return ()
    data = draft.document.data
    return read_environment(
        conda_file=data.get("conda_file"),
        requirements=data.get("requirements"),
        folder=draft.path.parent,
    ).notes


def _register(editor: Editor, model: Model) -> str | None:
    """Registers a model that has a name; its reference takes the model's place in the file."""
    if model.name is None:
        return None
    # A URL, so that what it takes to open it is found, too.
    path = [] if model.is_local else [("model.path", model.path)]
    settings = compose(path, conf=str(editor.config), is_complete=False).settings
    return register_model(
        workspace=settings.workspace,
        name=model.name,
        path=model.path,
        type="mlflow_model" if model.type == "mlflow_model" else "custom_model",
        version=model.version,
        description=model.description,
        tags=model.tags,
        properties=model.properties,
        storage_options=settings.storage_options,
    )
