"""`job download`: fetch what a job has made."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from framework.cli.options import (
    conf_option,
    examples,
    job_name_argument,
    no_progress_option,
    output_option,
    query_option,
    verbose_option,
    workspace_option,
)
from framework.cli.rendering import show
from framework.cli.streams import say, visible
from framework.cli.workspace import place_of
from framework.domain.homes import at_home

_EXAMPLES = examples(
    "python -m framework job download NAME",
    "python -m framework job download NAME --output-name score --download-path results/",
    "python -m framework job download NAME --all --download-path results/",
)


@click.command("download", epilog=_EXAMPLES)
@job_name_argument
@click.option("--output-name", metavar="NAME", help="The output: `score`, which is the only one.")
@click.option(
    "-p", "--download-path", metavar="DIR", default=".", help="Where to; here by default."
)
@click.option("--all", "with_record", is_flag=True, help="The job's record and logs, too.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@query_option
@output_option
@workspace_option
@conf_option
@no_progress_option
@verbose_option
def job_download(
    name: str,
    output_name: str | None,
    with_record: bool,
    workspace: str | None,
    conf: str | None,
    **chosen: Any,
) -> int:
    """Copy a job's output to a folder.

    The output, and what scripts published beside it, come to named-outputs/score/ there; with
    --all, the record comes to artifacts/. Nothing is overwritten.
    """
    from framework.errors import NotFoundError
    from framework.jobs.downloading import SCORE, Download

    if output_name not in {None, SCORE}:
        raise NotFoundError(f"job {name} has no output {output_name!r}, there is {SCORE!r}")
    place = place_of(workspace, conf)
    download = Download(place.workspace, name, with_record=with_record, options=place.options)
    if not download.has_output:
        say(visible(f"job {name} is not Completed: only its record is there"))
    files = []
    with _progress(is_wanted=not chosen["no_progress"]) as on_bytes:
        folder = str(Path(at_home(chosen["download_path"])).absolute())
        copying = download.copy_to(folder, replaces=chosen["force"], on_bytes=on_bytes)
        for copied in copying:
            files.append({"path": copied.path, "size": copied.size})
            if copied.is_changed:
                say(visible(f"warning: {copied.path} has been changed since the job wrote it"))
    told = {"name": name, "download_path": folder, "files": files}
    show(told, form=chosen["form"], query=chosen["query"])
    return 0


@contextmanager
def _progress(*, is_wanted: bool) -> Iterator[Callable[[int], None]]:
    """Shows on a terminal how many bytes have come."""
    if not is_wanted or not sys.stderr.isatty():
        yield lambda _count: None
        return
    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("downloading"), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda count: progress.advance(task, count)
