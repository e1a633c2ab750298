"""`job list`: the jobs of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from framework.cli.job_filters import filter_options, job_filter, show_jobs
from framework.cli.options import (
    conf_option,
    examples,
    output_option,
    query_option,
    verbose_option,
    workspace_option,
)
from framework.cli.workspace import check_there, place_of

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult


_EXAMPLES = examples(
    "python -m framework job list",
    "python -m framework job list --status Failed --status Canceled --since 2d",
    "python -m framework job list --endpoint mnist-batch --max-results 10",
    'python -m framework job list --query "[?counts.failed > \\`0\\`].name" -o tsv',
)


@click.command("list", epilog=_EXAMPLES)
@click.option("-e", "--endpoint", metavar="NAME", help="Only jobs of this endpoint.")
@click.option("--deployment", metavar="NAME", help="Only jobs of deployments with this name.")
@filter_options
@query_option
@output_option
@workspace_option
@conf_option
@verbose_option
def job_list(
    query: ParsedResult | None,
    form: str | None,
    workspace: str | None,
    conf: str | None,
    **filters: Any,
) -> int:
    """List the workspace's jobs, the newest first.

    Archived jobs are left out.
    """
    wanted = job_filter(**filters)
    place = place_of(workspace, conf)
    if workspace is not None:
        check_there(place.workspace)
    return show_jobs(place, wanted, query=query, form=form)
