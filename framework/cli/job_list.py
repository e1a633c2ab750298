"""`job list`: all jobs of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from framework.cli.options import (
    conf_option,
    examples,
    output_option,
    query_option,
    verbose_option,
    workspace_option,
)
from framework.cli.rendering import check, show, wants_table
from framework.cli.samples import JOB
from framework.cli.workspace import workspace_of

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult


_EXAMPLES = examples(
    "python -m framework job list",
    "python -m framework job list --query \"[?status=='Failed'].name\" -o tsv",
)


@click.command("list", epilog=_EXAMPLES)
@query_option
@output_option
@workspace_option
@conf_option
@verbose_option
def job_list(
    query: ParsedResult | None, form: str | None, workspace: str | None, conf: str | None
) -> int:
    """List the workspace's jobs, the newest first."""
    from framework.jobs import list_jobs

    check(query, [JOB])
    jobs = [job.summary() for job in list_jobs(workspace_of(workspace, conf))]
    if query is None and wants_table(form):
        show([_row(job) for job in jobs], form="table")
    else:
        show(jobs, form=form, query=query)
    return 0


def _row(job: dict[str, object]) -> dict[str, object]:
    counts = job["counts"]
    assert isinstance(counts, dict)
    return {
        "name": job["name"],
        "status": job["status"],
        "endpoint": job["endpoint"],
        "deployment": job["deployment"],
        "files": counts["files"],
        "failed": counts["failed"],
        "created": job["created_at"],
    }
