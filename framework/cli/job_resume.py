"""`job resume`: continue a job."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from framework.cli.options import (
    accept_changes_option,
    conf_option,
    detach_option,
    examples,
    job_name_argument,
    no_progress_option,
    output_option,
    query_option,
    verbose_option,
    workspace_option,
)
from framework.cli.overrides import ANYWHERE, check_overrides, overrides_argument
from framework.cli.rendering import check, show
from framework.cli.run_state import RunState
from framework.cli.samples import JOB
from framework.cli.workspace import named_option, workspace_overrides

_EXAMPLES = examples(
    "python -m framework job resume NAME",
    "python -m framework job resume NAME output.path=elsewhere/",
)


@click.command("resume", context_settings=ANYWHERE, epilog=_EXAMPLES)
@job_name_argument
@overrides_argument
@accept_changes_option
@detach_option
@query_option
@output_option
@workspace_option
@conf_option
@no_progress_option
@verbose_option
@click.pass_context
def job_resume(
    ctx: click.Context,
    /,
    name: str,
    overrides: tuple[str, ...],
    workspace: str | None,
    conf: str | None,
    no_progress: bool,
    **shown: Any,
) -> int:
    """Continue a job that has stopped.

    One that failed, was canceled or was killed. What has been scored is never scored again. An
    OVERRIDE changes how it goes on.

    Where its model, or files that are still to be scored, have changed since, it says what and
    stops, unless --accept-changes is given.
    """
    from framework.api import compose_invocation, resume
    from framework.cli.detaching import run_detached
    from framework.cli.following import exit_code, follow
    from framework.cli.orders import Order
    from framework.cli.streams import result_only

    detach, accepts_changes = shown.pop("detach"), shown.pop("accepts_changes")
    check_overrides(overrides, ctx)
    check(shown["query"], JOB)
    with result_only():
        invocation = compose_invocation(
            workspace_overrides(workspace), conf=conf, is_complete=False
        )
    where = [*named_option("--workspace", workspace), *named_option("--conf", conf)]
    if detach:
        order = Order(
            name=name,
            workspace=invocation.composition.settings.workspace,
            overrides=overrides,
            conf=conf,
            is_resumed=True,
            is_verbose=ctx.ensure_object(RunState).is_verbose,
            accepts_changes=accepts_changes,
        )
        return run_detached(order, invocation.workspace(), not no_progress, where, **shown)
    begin = partial(resume, invocation, name, overrides, accepts_changes=accepts_changes)
    job = follow(begin, shows_progress=not no_progress, where=where)
    show(job.summary(), **shown)
    return exit_code(job)
