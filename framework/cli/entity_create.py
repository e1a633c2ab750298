"""`create`, for every kind of entry of `conf/`."""

from __future__ import annotations

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
from framework.cli.entity_options import (
    address_of,
    file_option,
    name_argument,
    owner_options,
    set_option,
)
from framework.cli.entity_samples import sample
from framework.cli.options import conf_option, examples, output_option, query_option, verbose_option
from framework.cli.rendering import check, show
from framework.cli.streams import say, visible

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

    from framework.config.editing import Request

_KEPT = "What is there already becomes what FILE says: keys that it doesn't have go away."
_VERSIONED = (
    "A version never changes: the same content is the version that has it, other content "
    "the next version."
)


def create_verb(kind: EntityKind) -> click.Command:
    """The kind's `create`."""

    def create(
        name: str | None,
        file: str | None,
        settings: tuple[str, ...],
        query: ParsedResult | None,
        form: str | None,
        conf: str | None,
        **of_kind: Any,
    ) -> int:
        from framework import configuring

        check(query, sample(kind))
        makes_default = of_kind.pop("set_default", False)
        request = _request(kind, name, file, settings, **of_kind)
        done = configuring.create(conf, request, makes_default=makes_default)
        for notice in done.notices:
            say(visible(f"note: {notice}"))
        show(done.entity, form=form, query=query)
        return 0

    decorated = verbose_option(conf_option(output_option(query_option(create))))
    if kind.has_endpoint:
        decorated = click.option(
            "--set-default", is_flag=True, help="Make it its endpoint's default deployment."
        )(decorated)
    decorated = name_argument(kind)(file_option(set_option(owner_options(kind)(decorated))))
    command = f"python -m framework {kind.kind} create {kind.created_with}"
    return click.command(
        "create",
        help=f"Create {kind.article}, or make it what FILE says.\n\n"
        f"{_VERSIONED if kind.is_versioned else _KEPT}",
        epilog=examples(command, f"{command} --set description='A first try'"),
    )(decorated)


def _request(
    kind: EntityKind,
    name: str | None,
    file: str | None,
    settings: tuple[str, ...],
    *,
    endpoint_name: str | None = None,
    version: str | None = None,
) -> Request:
    from framework.config.editing import Request, parse_settings, read_incoming

    incoming = None if file is None else read_incoming(file)
    parsed = parse_settings(kind.kind, settings)
    said = {each.key[0]: each.value for each in parsed if len(each.key) == 1}

    def given(key: str) -> str | None:
        value = said.get(key) or (None if incoming is None else incoming.named(key))
        return None if value is None else str(value).removeprefix("azureml:")

    return Request(
        address=address_of(
            kind,
            name or given("name"),
            endpoint=endpoint_name or given("endpoint_name"),
            version=version,
        ),
        incoming=incoming,
        settings=tuple(each for each in parsed if each.key not in {("name",), ("endpoint_name",)}),
        replaces=incoming is not None,
    )


endpoint = create_verb(ENDPOINT)
deployment = create_verb(DEPLOYMENT)
environment = create_verb(ENVIRONMENT)
datastore = create_verb(DATASTORE)
compute = create_verb(COMPUTE)
data = create_verb(DATA)
