"""`model delete`: a model's content, for good."""

from __future__ import annotations

import click

from framework.cli.confirming import confirm, yes_option
from framework.cli.model_options import reference_of, registry_of, version_option
from framework.cli.options import (
    conf_option,
    examples,
    name_argument,
    verbose_option,
    workspace_option,
)

_EXAMPLES = examples(
    "python -m framework model delete mnist:1",
    "python -m framework model delete --name mnist --yes",
)


@click.command("delete", epilog=_EXAMPLES)
@name_argument("model")
@version_option
@yes_option
@workspace_option
@conf_option
@verbose_option
def model_delete(
    name: str, version: str | None, yes: bool, workspace: str | None, conf: str | None
) -> int:
    """Delete a model, or one version of it, for good.

    Refused while a deployment names it. Jobs that used it can't be resumed any more. A version's
    number is not given again.
    """
    from framework.registering import check_unused, delete_model

    registry = registry_of(workspace, conf)
    reference = reference_of(name, version)
    there = registry.versions(reference.name)
    if reference.version is not None or not there:
        there = [registry.get(reference)]
    check_unused(registry, conf, reference.name, reference.version)
    confirm(f"delete {', '.join(model.title for model in there)}?", is_agreed=yes)
    delete_model(registry, conf, reference.name, reference.version)
    return 0
