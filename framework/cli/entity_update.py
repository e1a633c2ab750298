"""`update`, for every kind of entry of `conf/`."""

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
from framework.cli.entity_options import (
    address_of,
    file_option,
    name_argument,
    owner_options,
    remove_option,
    set_option,
)
from framework.cli.entity_samples import sample
from framework.cli.options import conf_option, examples, output_option, query_option, verbose_option
from framework.cli.rendering import check, show
from framework.cli.streams import say, visible

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

_KEPT = "Keys that neither FILE nor --set names stay, and so do comments and the order of keys."
_VERSIONED = "A version never changes: only its description, tags and properties can be set."


def update_verb(kind: EntityKind) -> click.Command:
    """The kind's `update`."""

    def update(
        name: str | None,
        file: str | None,
        settings: tuple[str, ...],
        remove: tuple[str, ...],
        query: ParsedResult | None,
        form: str | None,
        conf: str | None,
        **of_kind: str | None,
    ) -> int:
        from framework import configuring
        from framework.config.editing import Request, parse_keys, parse_settings, read_incoming

        check(query, sample(kind))
        incoming = None if file is None else read_incoming(file)
        named = {} if incoming is None else incoming.data
        if incoming is None and not settings and not remove:
            raise click.UsageError("nothing to change: give --set KEY=VALUE, --remove or --file")
        request = Request(
            address=address_of(
                kind,
                name or named.get("name"),
                endpoint=of_kind.get("endpoint_name") or named.get("endpoint_name"),
                version=of_kind.get("version"),
            ),
            incoming=incoming,
            settings=parse_settings(kind.kind, settings),
            removed=parse_keys(kind.kind, remove),
        )
        done = configuring.update(conf, request)
        for notice in done.notices:
            say(visible(f"note: {notice}"))
        show(done.entity, form=form, query=query)
        return 0

    decorated = verbose_option(conf_option(output_option(query_option(update))))
    decorated = file_option(set_option(remove_option(owner_options(kind)(decorated))))
    return click.command(
        "update",
        help=f"Change {kind.article} that is there.\n\n"
        f"{_VERSIONED if kind.is_versioned else _KEPT}",
        epilog=examples(f"python -m framework {kind.kind} update {kind.named} {kind.updated_with}"),
    )(name_argument(kind)(decorated))


endpoint = update_verb(ENDPOINT)
deployment = update_verb(DEPLOYMENT)
environment = update_verb(ENVIRONMENT)
datastore = update_verb(DATASTORE)
compute = update_verb(COMPUTE)
data = update_verb(DATA)
