"""`job cancel`: stop a job from any terminal."""

from __future__ import annotations

import time
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from framework.cli.commands import job_command
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
from framework.cli.streams import say, visible
from framework.cli.workspace import job_of, named_option
from framework.errors import JobError

if TYPE_CHECKING:
    from framework.jobs import Job

_EXAMPLES = examples(
    "python -m framework job cancel NAME",
    "python -m framework job cancel NAME --no-wait",
)
_WAIT_S = 60.0
_LOOK_S = 0.2


@click.command("cancel", epilog=_EXAMPLES)
@job_name_argument
@click.option("--no-wait", is_flag=True, help="Return once the job has been asked to stop.")
@query_option
@output_option
@workspace_option
@conf_option
@verbose_option
def job_cancel(
    name: str, no_wait: bool, workspace: str | None, conf: str | None, **shown: Any
) -> int:
    """Stop a job from any terminal.

    Nothing more is begun, and scripts that don't end by themselves are killed after two seconds.
    What is done is kept: `job resume` goes on from there.
    """
    check(shown["query"], JOB)
    job = job_of(workspace, conf, name)
    was_canceled = job.status.is_final
    job.cancel()
    if not no_wait:
        _await(job)
    status = job.status
    if status.is_final:
        where = [*named_option("--workspace", workspace), *named_option("--conf", conf)]
        say(visible(f"job {name} {'was Canceled already' if was_canceled else 'is Canceled'}"))
        say(visible(f"to resume: {job_command('resume', name, where)}"))
    show(job.summary(), **shown)
    return 0


def _await(job: Job) -> None:
    """Waits until the job has stopped.

    Raises:
        UsageError: It had ended otherwise before its driver saw the request.
        JobError: It does not stop.
    """
    deadline, nobody = time.monotonic() + _WAIT_S, Event()
    while not job.status.is_final:
        if time.monotonic() > deadline:
            raise JobError(
                f"job {job.name} has not stopped within {_WAIT_S:g} s; it is still {job.status}"
            )
        nobody.wait(_LOOK_S)
    job.cancel()  # says so where it has ended otherwise
