"""`job verify`: is the output still what the job wrote?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from framework.cli.options import (
    conf_option,
    examples,
    job_name_argument,
    output_option,
    query_option,
    verbose_option,
    workspace_option,
)
from framework.cli.rendering import show
from framework.cli.workspace import place_of

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

_EXAMPLES = examples(
    "python -m framework job verify NAME",
    "python -m framework job verify NAME --query \"[?status!='same'].file\" -o tsv",
)
_NOT_THE_SAME = 1


@click.command("verify", epilog=_EXAMPLES)
@job_name_argument
@query_option
@output_option
@workspace_option
@conf_option
@verbose_option
def job_verify(
    name: str,
    query: ParsedResult | None,
    form: str | None,
    workspace: str | None,
    conf: str | None,
) -> int:
    """Compare a job's output with the checksums that the job wrote down.

    The output, and what scripts published beside it; and the job's manifest with the rest of its
    record. Exits with 1 if something is missing, or is not the same any more.
    """
    from framework.jobs.verifying import Verdict, verify_job

    place = place_of(workspace, conf)
    files = list(verify_job(place.workspace, name, place.options))
    rows = [
        {
            "file": each.url,
            "status": str(each.verdict),
            "entry": each.entry,
            "sha256": each.sha256,
        }
        for each in files
    ]
    show(rows, form=form, query=query)
    return 0 if all(each.verdict is Verdict.SAME for each in files) else _NOT_THE_SAME
