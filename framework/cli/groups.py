"""Groups of verbs whose modules are imported when they are used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from framework.domain.suggestions import did_you_mean


class LazyGroup(click.Group):
    """A group that knows its verbs by import path.

    Args:
        verbs: `"package.module:command"` by name, in the order of the help.
    """

    def __init__(self, *, verbs: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs' names, in their own order."""
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of that name, imported now."""
        if cmd_name not in self._verbs:
            return None
        module, _, name = self._verbs[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that the arguments begin with.

        Raises:
            click.UsageError: There is none; says which was likely meant.
        """
        word = args[0]
        is_unknown = word not in self._verbs and not word.startswith("-")
        if is_unknown and not ctx.resilient_parsing:
            raise click.UsageError(f"no command {word!r}{did_you_mean(word, self._verbs)}", ctx)
        return super().resolve_command(ctx, args)
