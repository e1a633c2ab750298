"""`model archive` and `model restore`: what lists and `@latest` leave out."""

from __future__ import annotations

import click

from framework.cli.model_options import reference_of, registry_of, version_option
from framework.cli.options import (
    conf_option,
    examples,
    name_argument,
    verbose_option,
    workspace_option,
)

_BOTH = ("python -m framework model {verb} mnist", "python -m framework model {verb} mnist:1")


def _verb(verb: str, text: str) -> click.Command:
    @name_argument("model")
    @version_option
    @workspace_option
    @conf_option
    @verbose_option
    def change(name: str, version: str | None, workspace: str | None, conf: str | None) -> int:
        registry = registry_of(workspace, conf)
        reference = reference_of(name, version)
        act = registry.archive if verb == "archive" else registry.restore
        act(reference.name, reference.version)
        return 0

    lines = examples(*(each.format(verb=verb) for each in _BOTH))
    return click.command(verb, help=text, epilog=lines)(change)


model_archive = _verb(
    "archive",
    "Hide a model, or one version of it.\n\nLists and @latest leave it out; jobs and deployments "
    "that name the version go on using it.",
)
model_restore = _verb("restore", "Show a model again that was archived, or one version of it.")
