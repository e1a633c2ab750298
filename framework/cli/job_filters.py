"""The options by which a list of jobs is narrowed, and the list itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

import click

from framework.cli.job_parameters import Since, Status, Tag
from framework.cli.rendering import check, show, wants_table
from framework.cli.samples import JOB

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

    from framework.cli.workspace import Place
    from framework.domain.states import JobStatus
    from framework.jobs.index import Entry, JobFilter

Verb = TypeVar("Verb", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--status",
        "statuses",
        type=Status(),
        multiple=True,
        metavar="STATUS",
        help="Only jobs with this status; give it again for more.",
    ),
    click.option(
        "--since",
        type=Since(),
        metavar="AGE|DATE",
        help="Only jobs created since then: 12h, 2d, or 2026-01-31 (UTC).",
    ),
    click.option(
        "--tag",
        "tags",
        type=Tag(),
        multiple=True,
        metavar="KEY=VALUE",
        help="Only jobs with this tag; give it again for more.",
    ),
    click.option(
        "-r",
        "--max-results",
        type=click.IntRange(min=1),
        metavar="N",
        help="Only the newest N.",
    ),
    click.option("--include-archived", is_flag=True, help="Archived jobs, too."),
    click.option("--archived-only", is_flag=True, help="Only archived jobs."),
)


def filter_options(verb: Verb) -> Verb:
    """The options that all lists of jobs have."""
    return reduce(lambda inner, option: option(inner), reversed(_OPTIONS), verb)


def job_filter(
    *,
    statuses: tuple[JobStatus, ...],
    since: str | None,
    tags: tuple[tuple[str, str], ...],
    max_results: int | None,
    include_archived: bool,
    archived_only: bool,
    **where: str | None,
) -> JobFilter:
    """What the options ask for.

    Args:
        statuses: From `--status`; the next ones alike.
        since: As records write moments.
        tags: All of them must be there.
        max_results: Only the newest.
        include_archived: Archived ones, too.
        archived_only: No others.
        where: The endpoint and the deployment.

    Raises:
        click.UsageError: Two options contradict each other.
    """
    from framework.jobs.index import Archived, JobFilter

    if include_archived and archived_only:
        raise click.UsageError("--include-archived and --archived-only contradict each other")
    archived = Archived.INCLUDED if include_archived else Archived.LEFT_OUT
    return JobFilter(
        statuses=statuses,
        since=since,
        tags=dict(tags),
        max_results=max_results,
        archived=Archived.ONLY if archived_only else archived,
        **where,
    )


def check_known(place: Place, conf: str | None, wanted: JobFilter) -> None:
    """Makes sure that an endpoint or deployment is there, or was when it had a job.

    Raises:
        NotFoundError: A misspelt one has no jobs either.
    """
    from framework.config.registry import Registry, find_conf
    from framework.jobs.index import Archived, JobFilter, find_jobs

    endpoint, deployment = wanted.endpoint, wanted.deployment
    assert endpoint is not None
    registry = Registry(find_conf(conf))
    is_there = endpoint in registry.names("endpoint")
    if is_there and deployment in {None, *registry.names("deployment", endpoint)}:
        return
    had = JobFilter(
        endpoint=endpoint, deployment=deployment, archived=Archived.INCLUDED, max_results=1
    )
    if find_jobs(place.workspace, place.index_url, had):
        return
    if is_there and deployment is not None:
        raise registry.not_found(deployment, "deployment", endpoint)
    raise registry.not_found(endpoint, "endpoint")


def show_jobs(
    place: Place, wanted: JobFilter, *, query: ParsedResult | None, form: str | None
) -> int:
    """Writes the list: a short table for people, all keys of each job for programs."""
    from framework.jobs.index import Archived, find_jobs

    check(query, [JOB])
    says_archived = wanted.archived is not Archived.LEFT_OUT
    found = find_jobs(place.workspace, place.index_url, wanted)
    if query is None and wants_table(form):
        show([_row(each, says_archived) for each in found], form="table")
    else:
        show([_full(each, says_archived) for each in found], form=form, query=query)
    return 0


def _full(job: Entry, says_archived: bool) -> dict[str, Any]:
    return {**job.summary, "archived": job.is_archived} if says_archived else dict(job.summary)


def _row(job: Entry, says_archived: bool) -> dict[str, Any]:
    told = job.summary
    return {
        "name": job.name,
        "status": told["status"],
        "endpoint": told["endpoint"],
        "deployment": told["deployment"],
        "files": told["counts"]["files"],
        "failed": told["counts"]["failed"],
        "created": told["created_at"],
        **({"archived": job.is_archived} if says_archived else {}),
    }
