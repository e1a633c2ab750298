"""`job show`: one job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from framework.cli.options import (
    conf_option,
    examples,
    job_name_argument,
    output_option,
    query_option,
    verbose_option,
    workspace_option,
)
from framework.cli.rendering import check, show
from framework.cli.samples import JOB
from framework.cli.workspace import job_of

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult


_EXAMPLES = examples(
    "python -m framework job show NAME",
    "python -m framework job show NAME --query status -o tsv",
    "python -m framework job show NAME --query counts.failed",
    "python -m framework job show NAME --web",
)


@click.command("show", epilog=_EXAMPLES)
@job_name_argument
@click.option(
    "--web", is_flag=True, help="Open its page: the dashboard while it runs, its report after."
)
@query_option
@output_option
@workspace_option
@conf_option
@verbose_option
def job_show(
    name: str,
    web: bool,
    query: ParsedResult | None,
    form: str | None,
    workspace: str | None,
    conf: str | None,
) -> int:
    """Show one job.

    Its status, counts and times, where its output is, and why it failed.
    """
    check(query, JOB)
    job = job_of(workspace, conf, name)
    if web:
        from framework.cli.web import open_page

        open_page(job)
    show(job.summary(), form=form, query=query)
    return 0
