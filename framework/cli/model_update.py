"""`model update`: what is said of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from framework.cli.entity_options import set_option
from framework.cli.model_options import (
    SAMPLE,
    description_option,
    entity,
    label_option,
    reference_of,
    registry_of,
    tags_option,
    version_option,
)
from framework.cli.options import (
    conf_option,
    examples,
    name_argument,
    output_option,
    query_option,
    verbose_option,
    workspace_option,
)
from framework.cli.rendering import check, show

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

_EXAMPLES = examples(
    "python -m framework model update mnist --set description='The first one'",
    "python -m framework model update --name mnist --version 1 --tags stage=production",
)


@click.command("update", epilog=_EXAMPLES)
@name_argument("model")
@version_option
@label_option
@description_option
@tags_option
@set_option
@query_option
@output_option
@workspace_option
@conf_option
@verbose_option
def model_update(
    name: str,
    query: ParsedResult | None,
    form: str | None,
    workspace: str | None,
    conf: str | None,
    **given: Any,
) -> int:
    """Change a version's description, tags or properties; its content never changes."""
    check(query, SAMPLE)
    registry = registry_of(workspace, conf)
    reference = reference_of(name, given.pop("version"), given.pop("label"))
    changed = registry.update(reference, _description(registry.get(reference), **given))
    show(entity(registry, changed), form=form, query=query)
    return 0


def _description(
    model: Any, *, description: str | None, tags: tuple[str, ...], settings: tuple[str, ...]
) -> Any:
    from framework.config.model_files import ModelFile, read_model_settings, read_tags
    from framework.errors import UsageError
    from framework.models import Description

    options = ModelFile(description=description, tags=read_tags(tags) or None)
    wish = options.over(read_model_settings(settings))
    for key in ("name", "version", "path", "type"):
        if getattr(wish, key) is not None:
            raise UsageError(
                f"--set {key}: a version never changes it; `model create` makes a new version"
            )
    if (wish.description, wish.tags, wish.properties) == (None, None, None):
        raise UsageError("nothing to change: give --description, --tags or --set")
    return Description(
        description=wish.description,
        tags=None if wish.tags is None else {**model.tags, **wish.tags},
        properties=None if wish.properties is None else {**model.properties, **wish.properties},
    )
