"""Asking before something is deleted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from framework.cli.streams import visible
from framework.errors import UsageError

Verb = TypeVar("Verb", bound=Callable[..., Any])


def yes_option(verb: Verb) -> Verb:
    """`--yes`: nothing is asked."""
    return click.option(
        "-y", "--yes", is_flag=True, help="Don't ask; needed where nobody can be asked."
    )(verb)


def confirm(question: str, *, is_agreed: bool) -> None:
    """Asks on the terminal, unless it was agreed to with `--yes`.

    Raises:
        UsageError: Nobody can be asked.
        click.Abort: The answer is no.
    """
    if is_agreed:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question.removesuffix('?')}: add --yes, as nobody can be asked here")
    click.confirm(visible(question), abort=True, err=True)
