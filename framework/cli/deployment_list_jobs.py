"""`deployment list-jobs`: the jobs of one deployment."""

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
    "python -m framework deployment list-jobs --name mnist-torch-dpl --endpoint-name mnist-batch",
    "python -m framework deployment list-jobs mnist-torch-dpl -e mnist-batch --since 1w",
)


@click.command("list-jobs", epilog=_EXAMPLES)
@name_argument("deployment")
@click.option(
    "-e", "--endpoint-name", required=True, metavar="NAME", help="The endpoint that it belongs to."
)
@filter_options
@query_option
@output_option
@workspace_option
@conf_option
@verbose_option
def deployment_list_jobs(
    name: str,
    endpoint_name: str,
    query: ParsedResult | None,
    form: str | None,
    workspace: str | None,
    conf: str | None,
    **filters: Any,
) -> int:
    """List a deployment's jobs, the newest first.

    Also where it is deleted by now. Archived jobs are left out.
    """
    wanted = job_filter(endpoint=endpoint_name, deployment=name, **filters)
    place = place_of(workspace, conf)
    check_known(place, conf, wanted)
    return show_jobs(place, wanted, query=query, form=form)
