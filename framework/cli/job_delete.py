"""`job delete`: delete a job's record."""

from __future__ import annotations

import sys

import click

from framework.cli.options import (
    conf_option,
    examples,
    job_name_argument,
    verbose_option,
    workspace_option,
)
from framework.cli.workspace import place_of
from framework.errors import UsageError

_EXAMPLES = examples(
    "python -m framework job delete NAME --yes",
    "python -m framework job delete NAME --with-output --yes",
)


@click.command("delete", epilog=_EXAMPLES)
@job_name_argument
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--with-output",
    is_flag=True,
    help="Delete its output, too, where that is in the workspace. One at an output.path stays.",
)
@workspace_option
@conf_option
@verbose_option
def job_delete(
    name: str, yes: bool, with_output: bool, workspace: str | None, conf: str | None
) -> int:
    """Delete a job's record: its ledger, logs and report.

    Its output stays, unless --with-output says otherwise. A job that runs is canceled first, by
    `job cancel`.
    """
    from framework.jobs.removing import check_deletable, delete_job

    place = place_of(workspace, conf)
    check_deletable(place.workspace, name, with_output=with_output)
    what = f"job {name} with its output" if with_output else f"job {name}"
    if not yes and not _agrees(what):
        raise click.Abort
    delete_job(place.workspace, name, place.index_url, with_output=with_output)
    return 0


def _agrees(what: str) -> bool:
    """Asks on a terminal.

    Raises:
        UsageError: There is none.
    """
    if not sys.stdin.isatty():
        raise UsageError(f"deleting {what} can't be undone: say --yes where nobody can be asked")
    return click.confirm(f"Delete {what} for good?", err=True)
