"""`endpoint list-jobs`: the jobs of one endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from framework.cli.job_filters import check_known, filter_options, job_filter, show_jobs
from framework.cli.options import (
    conf_option,
    examples,
    name_argument,
    output_option,
    query_option,
    verbose_option,
    workspace_option,
)
from framework.cli.workspace import place_of

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult


_EXAMPLES = examples(
    "python -m framework endpoint list-jobs --name mnist-batch",
    "python -m framework endpoint list-jobs mnist-batch --status Running",
)


@click.command("list-jobs", epilog=_EXAMPLES)
@name_argument("endpoint")
@filter_options
@query_option
@output_option
@workspace_option
@conf_option
@verbose_option
def endpoint_list_jobs(
    name: str,
    query: ParsedResult | None,
    form: str | None,
    workspace: str | None,
    conf: str | None,
    **filters: Any,
) -> int:
    """List an endpoint's jobs, the newest first.

    Also those of deployments that are deleted by now. Archived jobs are left out.
    """
    wanted = job_filter(endpoint=name, **filters)
    place = place_of(workspace, conf)
    check_known(place, conf, wanted)
    return show_jobs(place, wanted, query=query, form=form)
