"""`job restore`: bring an archived job back into lists."""

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

_EXAMPLES = examples("python -m framework job restore NAME")


@click.command("restore", epilog=_EXAMPLES)
@job_name_argument
@workspace_option
@conf_option
@verbose_option
def job_restore(name: str, workspace: str | None, conf: str | None) -> int:
    """Bring an archived job back into lists.

    One that is not archived stays as it is.
    """
    from framework.jobs.archiving import restore
    from framework.jobs.record import open_record

    restore(open_record(place_of(workspace, conf).workspace, name))
    return 0
