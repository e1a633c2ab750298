"""`model create`: register a file or a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from framework.cli.entity_options import file_option, set_option
from framework.cli.model_options import (
    SAMPLE,
    description_option,
    entity,
    tags_option,
    version_option,
)
from framework.cli.options import (
    conf_option,
    examples,
    no_progress_option,
    output_option,
    query_option,
    verbose_option,
    workspace_option,
)
from framework.cli.rendering import check, show
from framework.cli.streams import say, visible
from framework.cli.transfer import shown_transfer
from framework.cli.workspace import place_of

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

    from framework.config.model_files import ModelFile

_EXAMPLES = examples(
    "python -m framework model create --name mnist --path model.pt",
    "python -m framework model create --name mnist --path model/ --tags team=vision",
    "python -m framework model create --file model.yml",
)


@click.command("create", epilog=_EXAMPLES)
@click.argument("name_word", metavar="[NAME]", required=False)
@click.option("-n", "--name", metavar="NAME", help="The model's name, as the argument NAME.")
@version_option
@click.option("--path", metavar="PATH", help="Its file or folder, or the URL of one.")
@click.option("--type", metavar="TYPE", help="custom_model, which is the default, or mlflow_model.")
@description_option
@tags_option
@file_option
@set_option
@query_option
@output_option
@workspace_option
@conf_option
@no_progress_option
@verbose_option
def model_create(
    query: ParsedResult | None,
    form: str | None,
    workspace: str | None,
    conf: str | None,
    no_progress: bool,
    **given: Any,
) -> int:
    """Register a model.

    A version never changes: the same content is the version that has it, other content the next
    version. What PATH links to is copied, hidden files too.
    """
    from framework.models import Description, ModelRegistry
    from framework.registering import register

    check(query, SAMPLE)
    wish = _wish(**given)
    for notice in wish.notices:
        say(visible(f"note: {notice}"))
    if not wish.name:
        raise click.UsageError("missing argument 'NAME'")
    if not wish.path:
        raise click.UsageError("missing option '--path': the model's file or folder")
    place = place_of(workspace, conf)
    registry = ModelRegistry(place.workspace)
    with shown_transfer(wish.name, is_wanted=not no_progress) as on_progress:
        done = register(
            place.workspace,
            wish.name.removeprefix("azureml:"),
            _located(wish.path, conf),
            type=wish.type or "custom_model",
            version=wish.version,
            description=Description(
                description=wish.description, tags=wish.tags, properties=wish.properties
            ),
            on_progress=on_progress,
            options=place.options,
        )
    if not done.is_new:
        archived = ", which is archived" if done.model.is_archived else ""
        say(f"unchanged: {done.model.title} has this content already{archived}")
    show(entity(registry, done.model), form=form, query=query)
    return 0


def _located(path: str, conf: str | None) -> str:
    """Where a path in a datastore leads; any other path as it is."""
    from framework.config import compose
    from framework.storage.paths import absolute, local_form

    if path.startswith("azureml:"):
        composition = compose([("model.path", path)], conf=conf, is_complete=False)
        path = composition.settings.model.path or path
    here = local_form(path)
    return path if here is None else absolute(here)


def _wish(
    *,
    name_word: str | None,
    name: str | None,
    file: str | None,
    settings: tuple[str, ...],
    tags: tuple[str, ...],
    **given: Any,
) -> ModelFile:
    """What is asked for: options over `--set` over the file."""
    from framework.config.model_files import (
        ModelFile,
        read_model_file,
        read_model_settings,
        read_tags,
    )

    if name is not None and name_word not in {None, name}:
        raise click.UsageError(f"two names are given, {name_word!r} and {name!r}")
    options = ModelFile(name=name or name_word, tags=read_tags(tags) or None, **given)
    options = options.over(read_model_settings(settings))
    return options if file is None else options.over(read_model_file(file))
