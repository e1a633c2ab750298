"""`delete`, for every kind of entry of `conf/`."""

from __future__ import annotations

import click

from framework.cli.confirming import confirm, yes_option
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
from framework.cli.options import conf_option, examples, verbose_option
from framework.cli.streams import say, visible

_MORE = {
    "endpoint": "Its deployments go with it; its jobs stay.",
    "deployment": "Its endpoint's default deployment can't be deleted; its jobs stay.",
}
_VERSIONED = "All its versions go, unless one is named."


def delete_verb(kind: EntityKind) -> click.Command:
    """The kind's `delete`."""

    def delete(
        name: str | None,
        yes: bool,
        conf: str | None,
        endpoint_name: str | None = None,
        version: str | None = None,
    ) -> int:
        from framework import configuring

        address = address_of(kind, name, endpoint=endpoint_name, version=version)
        plan = configuring.plan_deletion(conf, address)
        for user in plan.users:
            say(visible(f"warning: {address} is named by {user}"))
        confirm(f"delete {plan.what}?", is_agreed=yes)
        configuring.delete(conf, address)
        return 0

    decorated = owner_options(kind)(yes_option(conf_option(verbose_option(delete))))
    more = _VERSIONED if kind.is_versioned else _MORE.get(kind.kind, "")
    command = f"python -m framework {kind.kind} delete {kind.named}"
    return click.command(
        "delete",
        help=f"Delete {kind.article}.\n\n{more}",
        epilog=examples(command, f"{command} --yes"),
    )(name_argument(kind)(decorated))


endpoint = delete_verb(ENDPOINT)
deployment = delete_verb(DEPLOYMENT)
environment = delete_verb(ENVIRONMENT)
datastore = delete_verb(DATASTORE)
compute = delete_verb(COMPUTE)
data = delete_verb(DATA)
