"""`doctor`: is everything here that a job needs?"""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from framework.cli.options import (
    conf_option,
    examples,
    output_option,
    query_option,
    verbose_option,
    workspace_option,
)
from framework.cli.rendering import show
from framework.cli.streams import result_only

_EXAMPLES = examples(
    "python -m framework doctor",
    "python -m framework doctor --reindex",
    "python -m framework doctor --workspace s3://bucket/team --clean --yes",
    "python -m framework doctor --query \"[?status=='wrong']\" -o json",
)
_WRONG = 1


@click.command(epilog=_EXAMPLES)
@click.option("--reindex", is_flag=True, help="Make the job index anew, from the jobs' records.")
@click.option(
    "--clear-environments", is_flag=True, help="Remove built environments that no job uses."
)
@click.option("--clean", is_flag=True, help="List what killed and deleted jobs have left.")
@click.option("-y", "--yes", is_flag=True, help="With --clean: remove it.")
@query_option
@output_option
@workspace_option
@conf_option
@verbose_option
def doctor(
    reindex: bool,
    clear_environments: bool,
    clean: bool,
    yes: bool,
    workspace: str | None,
    conf: str | None,
    **shown: Any,
) -> int:
    """Check machine, installation and workspace.

    Exits with 1 if something is wrong; what is only worth knowing is marked `note`.
    """
    from framework.cli.checkup import Status, check_all
    from framework.cli.orphan_checks import check_orphans

    if yes and not clean:
        raise click.UsageError("--yes goes with --clean")
    with result_only():
        look = partial(check_all, reindexes=reindex, clears_environments=clear_environments)
        checks = list(look(conf, workspace))
        if clean:
            checks += check_orphans(conf, workspace, removes=yes)
    rows = [
        {"status": str(each.status), "check": each.name, "found": each.found} for each in checks
    ]
    show(rows, **shown)
    return _WRONG if any(each.status is Status.WRONG for each in checks) else 0
