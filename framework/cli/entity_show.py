"""`show`, for every kind of entry of `conf/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from framework.cli.entity_kinds import (
    COMPUTE,
    DATA,
    DATASTORE,
    DEPLOYMENT,
    ENDPOINT,
    ENVIRONMENT,
    EntityKind,
)
from framework.cli.entity_options import address_of, name_argument, owner_options
from framework.cli.entity_samples import sample
from framework.cli.options import conf_option, examples, output_option, query_option, verbose_option
from framework.cli.rendering import check, show

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult


def show_verb(kind: EntityKind) -> click.Command:
    """The kind's `show`."""

    def show_entity(
        name: str | None,
        query: ParsedResult | None,
        form: str | None,
        conf: str | None,
        endpoint_name: str | None = None,
        version: str | None = None,
    ) -> int:
        from framework.config import find_conf
        from framework.config.editing import show as shown

        check(query, sample(kind))
        address = address_of(
            kind, name, endpoint=endpoint_name, version=None if version == "latest" else version
        )
        show(shown(find_conf(conf), address), form=form, query=query)
        return 0

    decorated = verbose_option(conf_option(output_option(query_option(show_entity))))
    command = f"python -m framework {kind.kind} show {kind.named}"
    return click.command(
        "show",
        help=f"Show {kind.article}, as its file says; secrets are masked.",
        epilog=examples(command, f"{command} --query {kind.shown} -o tsv"),
    )(name_argument(kind)(owner_options(kind)(decorated)))


endpoint = show_verb(ENDPOINT)
deployment = show_verb(DEPLOYMENT)
environment = show_verb(ENVIRONMENT)
datastore = show_verb(DATASTORE)
compute = show_verb(COMPUTE)
data = show_verb(DATA)
