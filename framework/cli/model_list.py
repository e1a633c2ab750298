"""`model list`: the workspace's models, or one model's versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from framework.cli.model_options import SAMPLE, entity, registry_of, rows
from framework.cli.options import (
    conf_option,
    examples,
    output_option,
    query_option,
    verbose_option,
    workspace_option,
)
from framework.cli.rendering import check, show, wants_table

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

    from framework.models import ModelRegistry, ModelVersion

_EXAMPLES = examples(
    "python -m framework model list",
    "python -m framework model list --name mnist --include-archived",
    "python -m framework model list --query '[].id' -o tsv",
)


@click.command("list", epilog=_EXAMPLES)
@click.option("-n", "--name", metavar="NAME", help="All versions of this model, the newest first.")
@click.option("--include-archived", is_flag=True, help="Archived versions too.")
@click.option("--archived-only", is_flag=True, help="Archived versions only.")
@query_option
@output_option
@workspace_option
@conf_option
@verbose_option
def model_list(
    name: str | None,
    include_archived: bool,
    archived_only: bool,
    query: ParsedResult | None,
    form: str | None,
    workspace: str | None,
    conf: str | None,
) -> int:
    """List the workspace's models, each with its newest version."""
    check(query, [SAMPLE])
    registry = registry_of(workspace, conf)
    shows = {True} if archived_only else {False, include_archived}
    found = [entity(registry, model) for model in _found(registry, name, shows)]
    if query is None and wants_table(form):
        show(rows(found), form="table")
    else:
        show(found, form=form, query=query)
    return 0


def _found(registry: ModelRegistry, name: str | None, shows: set[bool]) -> list[ModelVersion]:
    if name is not None:
        if not registry.versions(name):
            registry.get(name)  # says which name is near
        return [model for model in registry.versions(name) if model.is_archived in shows]
    by_name = (registry.versions(each) for each in registry.names())
    fitting = ([model for model in there if model.is_archived in shows] for there in by_name)
    return [models[0] for models in fitting if models]
