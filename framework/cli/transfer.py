"""What people see of a model on its way: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

from framework.cli.streams import PatientStream

if TYPE_CHECKING:
    from framework.models import OnProgress, Phase

_WORDS = {"checksum": "reading", "upload": "uploading", "download": "downloading"}


@contextmanager
def shown_transfer(title: str, *, is_wanted: bool) -> Iterator[OnProgress | None]:
    """Shows how far a model is; what is done in a moment is not shown at all.

    Args:
        title: The model.
        is_wanted: Whether anything is to be shown.
    """
    is_terminal = sys.stderr.isatty() and os.environ.get("TERM") not in {"dumb", "unknown", None}
    if not is_wanted or not is_terminal:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = Console(file=cast("IO[str]", PatientStream(sys.stderr)), highlight=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(title, total=None)
        seen = ""

        def on_progress(phase: Phase, done: int, total: int) -> None:
            nonlocal seen
            if phase != seen:
                seen = phase
                progress.reset(task, description=f"{_WORDS[phase]} {title}", total=total)
            progress.update(task, completed=done, total=total)

        yield on_progress
