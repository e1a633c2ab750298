"""`list`, for every kind of entry of `conf/`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

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
from framework.cli.entity_options import endpoint_option
from framework.cli.entity_samples import sample
from framework.cli.options import conf_option, examples, output_option, query_option, verbose_option
from framework.cli.rendering import check, show, wants_table
from framework.cli.streams import say, visible

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

Verb = Callable[..., Any]


def list_verb(kind: EntityKind) -> click.Command:
    """The kind's `list`."""

    def list_entities(
        query: ParsedResult | None,
        form: str | None,
        conf: str | None,
        name: str | None = None,
        endpoint_name: str | None = None,
    ) -> int:
        from framework.config import find_conf
        from framework.config.editing import entries

        check(query, [sample(kind)])
        found = list(entries(find_conf(conf), kind.kind, endpoint=endpoint_name, name=name))
        for each in found:
            if "error" in each:
                say(visible(f"warning: {each['error']}"))
        if query is None and wants_table(form):
            endpoints = entries(find_conf(conf), "endpoint") if kind.has_endpoint else ()
            defaults = {each["name"]: each["defaults"]["deployment_name"] for each in endpoints}
            show([_row(kind, each, defaults) for each in found], form="table")
        else:
            show(found, form=form, query=query)
        return 0

    decorated: Verb = verbose_option(conf_option(output_option(query_option(list_entities))))
    said = f"List all {kind.plural}, by name."
    command = f"python -m framework {kind.kind} list"
    more = [f"{command} --query '[].name' -o tsv"]
    if kind.has_endpoint:
        decorated = endpoint_option(decorated)
        more = [f"{command} -e mnist-batch"]
    elif kind.is_versioned:
        help_text = f"All versions of this {kind.kind}, the newest first."
        decorated = click.option("-n", "--name", metavar="NAME", help=help_text)(decorated)
        more = [f"{command} --name {kind.example}"]
    return click.command("list", help=said, epilog=examples(command, *more))(decorated)


def _row(kind: EntityKind, entry: dict[str, Any], defaults: dict[str, str]) -> dict[str, Any]:
    default: object = (entry.get("defaults") or {}).get("deployment_name")
    if kind.has_endpoint:
        default = "yes" if defaults.get(entry["endpoint_name"]) == entry["name"] else ""
    values = {**entry, "default": default}
    row = {column: values.get(column) for column in kind.columns}
    return row | ({"error": entry["error"]} if "error" in entry else {})


endpoint = list_verb(ENDPOINT)
deployment = list_verb(DEPLOYMENT)
environment = list_verb(ENVIRONMENT)
datastore = list_verb(DATASTORE)
compute = list_verb(COMPUTE)
data = list_verb(DATA)
