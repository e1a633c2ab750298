"""`model show`: one version of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from framework.cli.model_options import (
    SAMPLE,
    entity,
    label_option,
    reference_of,
    registry_of,
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
    "python -m framework model show mnist",
    "python -m framework model show --name mnist --version 1 --query sha256 -o tsv",
)


@click.command("show", epilog=_EXAMPLES)
@name_argument("model")
@version_option
@label_option
@query_option
@output_option
@workspace_option
@conf_option
@verbose_option
def model_show(
    name: str,
    version: str | None,
    label: str | None,
    query: ParsedResult | None,
    form: str | None,
    workspace: str | None,
    conf: str | None,
) -> int:
    """Show one version of a model: the newest, unless one is named."""
    check(query, SAMPLE)
    registry = registry_of(workspace, conf)
    found = registry.get(reference_of(name, version, label))
    show(entity(registry, found), form=form, query=query)
    return 0
