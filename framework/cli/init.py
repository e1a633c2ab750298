"""`init`: a new workspace."""

from __future__ import annotations

import os
import shlex

import click

from framework.cli.options import examples, verbose_option
from framework.cli.streams import say, visible, write_result

_EXAMPLES = examples(
    "python -m framework init",
    "python -m framework init my-project",
)


@click.command(epilog=_EXAMPLES)
@click.argument("directory", default=".", metavar="[DIR]")
@verbose_option
def init(directory: str) -> int:
    """Make a workspace with a working example.

    Writes the example's files into DIR, the working directory by default, and prints their paths.
    Never overwrites a file.
    """
    from framework.config import initialize

    written = initialize(directory)
    lines = "".join(f"{path}\n" for path in written)
    write_result(os.fsencode(lines))
    go = "" if directory == "." else f"cd {shlex.quote(directory)} && "
    say(visible(f"try it: {go}python -m framework invoke endpoint=text-stats input=input/"))
    return 0
