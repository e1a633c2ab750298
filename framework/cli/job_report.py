"""`job report`: one job's report."""

from __future__ import annotations

import click

from framework.cli.options import (
    conf_option,
    examples,
    job_name_argument,
    verbose_option,
    workspace_option,
)
from framework.cli.streams import say, visible, write_result
from framework.cli.workspace import job_of

_EXAMPLES = examples(
    "python -m framework job report NAME",
    "python -m framework job report NAME --open",
)


@click.command("report", epilog=_EXAMPLES)
@job_name_argument
@click.option("--open", "opens", is_flag=True, help="Show it in the browser, too.")
@workspace_option
@conf_option
@verbose_option
def job_report(name: str, opens: bool, workspace: str | None, conf: str | None) -> int:
    """Write a job's report again, and print where it lies.

    One HTML file that needs nothing else to be read. A job that ends writes it by itself; this
    also does for one that is running, or was killed.
    """
    path = job_of(workspace, conf, name).write_report()
    write_result(f"{path}\n".encode("utf-8", "surrogateescape"))
    if opens and click.launch(path):
        say(visible(f"warning: no browser could be started; open {path}"))
    return 0
