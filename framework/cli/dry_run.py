"""`invoke --dry-run`: what would be scored, and how."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Any

from framework.cli.rendering import show
from framework.cli.streams import result_only, visible, write_result
from framework.domain import phrases

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

    from framework.api import Invocation


def show_plan(invocation: Invocation, *, form: str | None, query: ParsedResult | None) -> int:
    """Checks model, script, scorer, input and output, and shows what would be done."""
    from framework.config import shown

    with result_only():
        plan = dataclasses.asdict(invocation.prepare().dry_run())
    if form is None and query is None and sys.stdout.isatty():
        text = f"{_in_words(plan)}\n\nsettings:\n{invocation.composition.to_yaml(origin=True)}"
        write_result(visible(text).encode("utf-8", "backslashreplace"))
    else:
        settings = shown(invocation.composition.document)
        show({**plan, "settings": settings}, form=form, query=query)
    return 0


def _in_words(plan: dict[str, Any]) -> str:
    first = "".join(f"\n  {file}" for file in plan["first_files"])
    more = plan["files"] - len(plan["first_files"])
    batches = plan["mini_batches"]
    return (
        f"input: {plan['input']}\n"
        f"{phrases.files(plan['files'])}, {phrases.size(plan['bytes'])}:{first}"
        + (f"\n  and {more:,} more" if more > 0 else "")
        + f"\n{batches:,} mini-batch{'' if batches == 1 else 'es'} of {_sizes(plan)}"
        f"\nenvironment: {plan['environment']}"
        f"\noutput: {plan['output'] or 'none: results are counted only'}"
        "\nnothing was scored"
    )


def _sizes(plan: dict[str, Any]) -> str:
    smallest, largest = plan["smallest"], plan["largest"]
    files = phrases.files(largest)
    if smallest != largest:
        files = f"{smallest:,} to {files}"
    low, high = phrases.size(plan["smallest_bytes"]), phrases.size(plan["largest_bytes"])
    return f"{files}, {low}" + (f" to {high}" if low != high else "")
