"""`job archive`: leave a job out of lists."""

from __future__ import annotations

import click

from framework.cli.options import (
    conf_option,
    examples,
    job_name_argument,
    verbose_option,
    workspace_option,
)
from framework.cli.workspace import place_of

_EXAMPLES = examples("python -m framework job archive NAME")


@click.command("archive", epilog=_EXAMPLES)
@job_name_argument
@workspace_option
@conf_option
@verbose_option
def job_archive(name: str, workspace: str | None, conf: str | None) -> int:
    """Leave a job out of lists.

    Its record and its output stay. `job list --archived-only` shows it.
    """
    from framework.jobs.archiving import archive
    from framework.jobs.record import open_record

    archive(open_record(place_of(workspace, conf).workspace, name))
    return 0
