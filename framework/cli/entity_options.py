"""Options of the verbs that create, show, change and remove what `conf/` has."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from framework.cli.entity_kinds import EntityKind

if TYPE_CHECKING:
    from framework.config.editing import Address

Verb = TypeVar("Verb", bound=Callable[..., Any])


def name_argument(kind: EntityKind) -> Callable[[Verb], Verb]:
    """`NAME`, or `--name NAME` as `az` has it: the verb's `name`, `None` where it is not given."""

    def decorate(verb: Verb) -> Verb:
        @wraps(verb)
        def named(*args: Any, name_word: str | None, name_option: str | None, **given: Any) -> Any:
            if name_word is not None and name_option not in {None, name_word}:
                raise click.UsageError(f"two names are given, {name_word!r} and {name_option!r}")
            return verb(*args, name=name_option if name_word is None else name_word, **given)

        help_text = f"The {kind.kind}'s name, as the argument NAME."
        option = click.option("-n", "--name", "name_option", metavar="NAME", help=help_text)
        argument = click.argument("name_word", metavar="[NAME]", required=False)
        return argument(option(named))  # type: ignore[return-value]

    return decorate


def owner_options(kind: EntityKind) -> Callable[[Verb], Verb]:
    """`--endpoint-name` for deployments, `--version` for what has versions."""

    def decorate(verb: Verb) -> Verb:
        if kind.has_endpoint:
            return endpoint_option(verb)
        if kind.is_versioned:
            return click.option(
                "--version", metavar="VERSION", help="One version; else the newest."
            )(verb)
        return verb

    return decorate


def endpoint_option(verb: Verb) -> Verb:
    """`--endpoint-name`: a deployment's endpoint."""
    return click.option(
        "-e", "--endpoint-name", metavar="ENDPOINT", help="The endpoint that it belongs to."
    )(verb)


def file_option(verb: Verb) -> Verb:
    """`--file`: what it is to be, in YAML."""
    return click.option(
        "-f",
        "--file",
        metavar="FILE",
        help="A YAML file, ours or Azure ML's; its relative paths are relative to it.",
    )(verb)


def set_option(verb: Verb) -> Verb:
    """`--set`: single keys, after the file's."""
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="KEY=VALUE",
        help="Set one key, such as `tags.team=blue`; repeatable.",
    )(verb)


def remove_option(verb: Verb) -> Verb:
    """`--remove`: keys that go away."""
    return click.option(
        "--remove", multiple=True, metavar="KEY", help="Remove one key; repeatable."
    )(verb)


def address_of(
    kind: EntityKind, name: str | None, *, endpoint: str | None = None, version: str | None = None
) -> Address:
    """What a verb is about.

    Raises:
        click.UsageError: It is not named, or a deployment without its endpoint.
    """
    from framework.config.editing import Address, is_plain
    from framework.errors import UsageError

    if not name:
        raise click.UsageError("missing argument 'NAME'")
    if kind.has_endpoint and not endpoint:
        raise click.UsageError(
            f"deployment {name!r} needs its endpoint: give --endpoint-name ENDPOINT"
        )
    for each in (name, endpoint, version):
        if each is not None and not is_plain(each):
            raise UsageError(f"{each!r} is no name: it has a path in it, or begins with a dot")
    return Address(kind=kind.kind, name=name, endpoint=endpoint or None, version=version)
