"""`job stream`: follow a job from any terminal."""

from __future__ import annotations

from typing import Any

import click

from framework.cli.failures import INTERRUPTED
from framework.cli.options import (
    conf_option,
    examples,
    job_name_argument,
    no_progress_option,
    output_option,
    query_option,
    verbose_option,
    workspace_option,
)
from framework.cli.rendering import check, show
from framework.cli.samples import JOB
from framework.cli.workspace import named_option, place_of

_EXAMPLES = examples(
    "python -m framework job stream NAME",
    "python -m framework job stream NAME --no-progress --query status -o tsv",
)


@click.command("stream", epilog=_EXAMPLES)
@job_name_argument
@query_option
@output_option
@workspace_option
@conf_option
@no_progress_option
@verbose_option
def job_stream(
    name: str, workspace: str | None, conf: str | None, no_progress: bool, **shown: Any
) -> int:
    """Follow a job from any terminal.

    Shows its status, its progress and its logs as they come, until it has ended; then the job, as
    `invoke` does, with the same exit code. Ctrl-C ends only the following.
    """
    from framework.cli.following import exit_code
    from framework.cli.streaming import stream
    from framework.jobs import find_job
    from framework.jobs.record import open_record

    check(shown["query"], JOB)
    place = place_of(workspace, conf)
    job = find_job(place.workspace, name, place.options)
    where = [*named_option("--workspace", workspace), *named_option("--conf", conf)]
    record = open_record(place.workspace, name)
    if not stream(job, record, shows_progress=not no_progress, where=where):
        return INTERRUPTED
    show(job.summary(), **shown)
    return exit_code(job)
