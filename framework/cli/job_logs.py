"""`job logs`: what a job's scripts and its driver have written."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Event
from typing import TYPE_CHECKING, Any

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
from framework.cli.workspace import workspace_of

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

    from framework.jobs.logs import JobLogs, Line
    from framework.jobs.record import JobRecord

_EXAMPLES = examples(
    "python -m framework job logs NAME",
    "python -m framework job logs NAME --process 0-1 --tail 100",
    "python -m framework job logs NAME --follow",
    "python -m framework job logs NAME --list",
)
_LONGEST_LINE = 1 << 20


@click.command("logs", epilog=_EXAMPLES)
@job_name_argument
@click.option("--process", metavar="NAME", help="Only this process's log, such as 0-1 or driver.")
@click.option(
    "--tail", metavar="N", type=click.IntRange(min=0), help="Only the last N lines of each."
)
@click.option("-f", "--follow", is_flag=True, help="Go on until the job has ended.")
@click.option("--list", "lists", is_flag=True, help="List the logs, with their sizes and paths.")
@query_option
@output_option
@workspace_option
@conf_option
@verbose_option
def job_logs(
    name: str,
    follow: bool,
    lists: bool,
    workspace: str | None,
    conf: str | None,
    **chosen: Any,
) -> int:
    """Print a job's logs.

    Each scorer process has one, named by the number of its instance and its own: 0-1. What the
    script prints and logs goes there. `driver` tells of the job as a whole.
    """
    from framework.jobs.logs import JobLogs
    from framework.jobs.record import open_record

    record = open_record(workspace_of(workspace, conf), name)
    record.identity()
    if lists:
        _list(record, chosen["form"], chosen["query"])
        return 0
    if chosen["query"] is not None or chosen["form"] is not None:
        raise click.UsageError("--query and -o go with --list; logs are printed as they are")
    process = chosen["process"]
    process = None if process is None else _known(record, process, may_come=follow)
    logs = JobLogs(record, process=process, last=chosen["tail"], longest=_LONGEST_LINE)
    _print(logs, record, follows=follow, is_named=process is None)
    return 0


def _list(record: JobRecord, form: str | None, query: ParsedResult | None) -> None:
    from framework.cli.rendering import show
    from framework.jobs.logs import log_files

    found = [
        {
            "process": file.process,
            "size": file.size,
            "path": record.workspace.at(file.path).url,
        }
        for file in log_files(record)
    ]
    show(found, form=form, query=query)


def _known(record: JobRecord, process: str, *, may_come: bool) -> str:
    """The process that is meant."""
    from framework.domain.suggestions import did_you_mean
    from framework.errors import NotFoundError
    from framework.jobs.logs import log_files

    process = process.removesuffix(".log").removeprefix("instance-")
    there = [file.process for file in log_files(record)]
    if process in there or may_come:
        return process
    if f"0-{process}" in there:
        return f"0-{process}"
    hint = did_you_mean(process, there) if there else ", nor any other yet"
    raise NotFoundError(f"job {record.name} has no log {process!r}{hint}")


def _print(logs: JobLogs, record: JobRecord, *, follows: bool, is_named: bool) -> None:
    from framework.jobs import find_job
    from framework.jobs.pace import pace_of

    look_s = pace_of(record.workspace).look_s
    job = find_job(record.workspace, record.name)
    has_ended, nobody = not follows, Event()
    while True:
        has_ended = has_ended or job.status.is_final  # before the logs: then they are whole
        if not _write(logs.read(), is_named):
            return
        if logs.is_behind:
            continue
        if has_ended:
            _write(logs.rest(), is_named)
            return
        nobody.wait(look_s)


def _write(lines: Iterable[Line], is_named: bool) -> bool:
    """Writes lines to stdout; false once nobody reads them any more."""
    from framework.cli.log_lines import shown
    from framework.cli.streams import write_result

    text = "".join(f"{shown(line, is_named=is_named)}\n" for line in lines)
    return not text or write_result(text.encode("utf-8", "backslashreplace"))
