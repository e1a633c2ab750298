"""`invoke`: score files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from framework.cli.options import (
    accept_changes_option,
    conf_option,
    detach_option,
    examples,
    no_progress_option,
    output_option,
    query_option,
    verbose_option,
)
from framework.cli.overrides import ANYWHERE, check_overrides, overrides_argument
from framework.cli.run_state import RunState
from framework.cli.workspace import named_option

if TYPE_CHECKING:
    from framework.api import Invocation
    from framework.cli.orders import Order

_EXAMPLE = "python -m framework invoke endpoint=mnist-batch input=examples/01-mnist/digits"


_EXAMPLES = examples(
    "python -m framework invoke endpoint=mnist-batch input=examples/01-mnist/digits",
    "python -m framework invoke endpoint=mnist-batch input=data/ mini_batch_size=20 \\",
    "    resources.instance_count=2 output.path=results/",
    "python -m framework invoke +code_configuration.code=. \\",
    "    +code_configuration.scoring_script=score.py +model.path=model.pt +input=data/",
    "python -m framework invoke endpoint=mnist-batch input=data/ --dry-run",
    "JOB=$(python -m framework invoke endpoint=mnist-batch input=data/ --detach \\",
    "    --query name -o tsv)",
)


@click.command(context_settings=ANYWHERE, epilog=_EXAMPLES)
@overrides_argument
@click.option("--dry-run", is_flag=True, help="Check everything, show the plan, score nothing.")
@accept_changes_option
@detach_option
@click.option("-n", "--name", metavar="NAME", help="The job's name; a fresh id by default.")
@query_option
@output_option
@conf_option
@no_progress_option
@verbose_option
@click.pass_context
def invoke(
    ctx: click.Context,
    /,
    overrides: tuple[str, ...],
    dry_run: bool,
    accepts_changes: bool,
    detach: bool,
    name: str | None,
    no_progress: bool,
    **shown: Any,
) -> int:
    """Score the files of an input, into one output.

    An OVERRIDE changes a setting for this job: `key=value`, `+key=value` (add), `++key=value`
    (either), `~key` (back to the default). Everything after the first = is the value.
    `config show` lists all settings.

    The same --name again continues a job that was stopped, and never starts a second one.
    Progress goes to stderr, only the result to stdout.
    """
    if not overrides:
        raise click.UsageError(f"nothing to score: say an endpoint and an input: {_EXAMPLE}", ctx)
    check_overrides(overrides, ctx)
    if dry_run and detach:
        raise click.UsageError("--dry-run starts nothing that could be detached", ctx)
    _check_one_name(name, overrides)
    named = () if name is None else (("name", name),)
    return _run(
        (*overrides, *named),
        dry_run=dry_run,
        accepts_changes=accepts_changes,
        detach=detach,
        no_progress=no_progress,
        **shown,
    )


def _check_one_name(name: str | None, overrides: tuple[str, ...]) -> None:
    for word in overrides:
        key, _, other = word.partition("=")
        if key.lstrip("+") == "name" and name not in {None, other}:
            raise click.UsageError(f"two names are given, --name {name!r} and {word!r}")


def _run(
    overrides: tuple[Any, ...],
    *,
    dry_run: bool,
    accepts_changes: bool,
    detach: bool,
    no_progress: bool,
    conf: str | None,
    **shown: Any,
) -> int:
    from framework.api import compose_invocation
    from framework.cli.detaching import run_detached
    from framework.cli.following import exit_code, follow
    from framework.cli.rendering import check, show
    from framework.cli.samples import JOB
    from framework.cli.streams import result_only, say, visible

    with result_only():
        invocation = compose_invocation(overrides, conf=conf)
    for notice in invocation.composition.notices:
        say(visible(f"note: {notice}"))
    if dry_run:
        from framework.cli.dry_run import show_plan

        return show_plan(invocation, **shown)
    check(shown["query"], JOB)
    if detach:
        order = replace(_order(invocation, overrides, conf), accepts_changes=accepts_changes)
        where = _where(invocation, conf)
        return run_detached(order, invocation.workspace(), not no_progress, where, **shown)
    with result_only():
        begin = invocation.ready(accepts_changes=accepts_changes)
    job = follow(begin, shows_progress=not no_progress, where=_where(invocation, conf))
    show(job.summary(), **shown)
    return exit_code(job)


def _order(invocation: Invocation, overrides: tuple[Any, ...], conf: str | None) -> Order:
    from framework.cli.orders import Order
    from framework.jobs.identity import fresh_name

    settings = invocation.composition.settings
    name = settings.name or fresh_name(settings)
    return Order(
        name=name,
        workspace=settings.workspace,
        overrides=(*overrides, ("name", name)),
        conf=conf,
        is_resumed=False,
        is_verbose=click.get_current_context().ensure_object(RunState).is_verbose,
    )


def _where(invocation: Invocation, conf: str | None) -> list[str]:
    """How another command finds this job."""
    composition = invocation.composition
    if composition.origins.get("workspace") == "override":
        return named_option("--workspace", composition.settings.workspace)
    return named_option("--conf", conf)
