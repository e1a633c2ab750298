"""`config show`: the composed settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from framework.cli.options import conf_option, examples, output_option, query_option, verbose_option
from framework.cli.overrides import ANYWHERE, check_overrides, overrides_argument
from framework.cli.rendering import show
from framework.cli.streams import say, visible, write_result

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult


_EXAMPLES = examples(
    "python -m framework config show",
    "python -m framework config show endpoint=mnist-batch mini_batch_size=20 --origin",
    "python -m framework config show endpoint=mnist-batch --query mini_batch_size -o tsv",
)


@click.command("show", context_settings=ANYWHERE, epilog=_EXAMPLES)
@overrides_argument
@click.option("--origin", is_flag=True, help="Say where each key was set.")
@query_option
@output_option
@conf_option
@verbose_option
@click.pass_context
def config_show(
    ctx: click.Context,
    overrides: tuple[str, ...],
    origin: bool,
    query: ParsedResult | None,
    form: str | None,
    conf: str | None,
) -> int:
    """Show the settings that an invocation with these OVERRIDEs would run with.

    YAML by default. With --origin each key has a comment that names its layer: `default`, a file,
    or `override`; the other formats list key, value and origin. Secrets are never shown.
    """
    from framework.config import compose, shown

    check_overrides(overrides, ctx)
    composition = compose(overrides, conf=conf, is_complete=False)
    for notice in composition.notices:
        say(visible(f"note: {notice}"))
    if query is None and form in {None, "yaml"}:
        write_result(composition.to_yaml(origin=origin).encode("utf-8", "backslashreplace"))
    elif origin:
        leaves = _leaves(shown(composition.document))
        rows = [
            {"key": key, "value": value, "origin": composition.origin_of(key)}
            for key, value in leaves.items()
        ]
        show(rows, form=form or "yaml", query=query)
    else:
        show(shown(composition.document), form=form or "yaml", query=query)
    return 0


def _leaves(mapping: dict[str, object], prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in mapping.items():
        if isinstance(value, dict) and value:
            found |= _leaves(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found
