"""`plugins list`: what is registered, and what is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from framework.cli.options import conf_option, examples, output_option, query_option, verbose_option
from framework.cli.rendering import show
from framework.cli.streams import result_only

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

    from framework.plugin import Plugins


_EXAMPLES = examples(
    "python -m framework plugins list",
    "python -m framework plugins list --query \"[?kind=='scorer'].name\" -o tsv",
)


@click.command("list", epilog=_EXAMPLES)
@query_option
@output_option
@conf_option
@verbose_option
def plugins_list(query: ParsedResult | None, form: str | None, conf: str | None) -> int:
    """List what plugins bring, and what is broken.

    Scorers, computes and output formats by name, and each plugin that can't be used, with why.
    """
    from framework.api import compose_invocation

    with result_only():
        plugins = compose_invocation((), conf=conf, is_complete=False).plugins
    show(_rows(plugins), form=form, query=query)
    return 0


def _rows(plugins: Plugins) -> list[dict[str, Any]]:
    kinds = (plugins.scorers, plugins.computes, plugins.output_formats)
    rows: list[dict[str, Any]] = [
        {
            "kind": str(each.kind),
            "name": each.name,
            "plugin": each.plugin,
            "version": each.version,
            "summary": each.summary,
            "error": None,
        }
        for known in kinds
        for each in sorted(known.values(), key=lambda each: each.name)
    ]
    broken = [
        {
            "kind": "broken",
            "name": each.name,
            "plugin": each.origin,
            "version": "",
            "summary": "",
            "error": each.error,
        }
        for each in plugins.broken
    ]
    return rows + broken
