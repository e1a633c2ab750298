"""A job's progress on a terminal: one live line with a bar, cut to what fits."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO, cast

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from framework.cli.pace import Pace
from framework.cli.progress import is_loading, loading
from framework.cli.streams import PatientStream, visible
from framework.domain import phrases
from framework.domain.outcomes import Counts
from framework.domain.states import JobStatus

_WIDEST_BAR = 40
_NARROWEST_BAR = 8
_GAP = "  "


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was last heard of the job; replaced as a whole, as two threads look at it."""

    status: JobStatus = JobStatus.NOT_STARTED
    counts: Counts = field(default_factory=Counts)
    total: int | None = None
    ready: int = 0
    processes: int = 0


class TerminalProgress:
    """Shows a job on a terminal.

    Args:
        console: Where.
        clock: In seconds, steady.
    """

    def __init__(
        self, console: Console | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        stream = cast("IO[str]", PatientStream(sys.stderr))
        self._console = console or Console(file=stream, highlight=False)
        self._clock = clock
        self._began = clock()
        self._pace = Pace()
        self._seen = _Seen()
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(
            console=self._console,
            get_renderable=self.line,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,
        )
        self._live.start()

    def on_status(self, status: JobStatus) -> None:
        """Shows the status."""
        seen = self._seen
        self._seen = _Seen(status, seen.counts, seen.total, seen.ready, seen.processes)

    def on_progress(
        self, counts: Counts, files_total: int | None, processes_ready: int, processes: int
    ) -> None:
        """Shows how far the job is."""
        status = self._seen.status
        if status is JobStatus.RUNNING:
            self._pace.observe(self._clock(), counts.succeeded + counts.failed)
        self._seen = _Seen(status, counts, files_total, processes_ready, processes)

    def on_notice(self, text: str) -> None:
        """Prints it above the bar."""
        self._console.print(Text(visible(text)), soft_wrap=True)

    def close(self) -> None:
        """Takes the bar away."""
        self._live.stop()

    def line(self) -> RenderableType:
        """The line as it is now, never wider than the terminal."""
        seen = self._seen
        words = fitting(self._words(seen), self._console.width - len(seen.status) - 4)
        text = Text(_GAP).join(words)
        room = self._console.width - len(seen.status) - 6 - text.cell_len
        grid = Table.grid(padding=(0, 1))
        cells: list[RenderableType] = [self._spinner, Text(seen.status, no_wrap=True)]
        if seen.status is JobStatus.RUNNING and room >= _NARROWEST_BAR:
            cells.append(self._bar(seen, min(room, _WIDEST_BAR)))
        grid.add_row(*cells, Text(_GAP).join(words))
        return grid

    def _bar(self, seen: _Seen, width: int) -> ProgressBar:
        done = seen.counts.succeeded + seen.counts.failed
        return ProgressBar(
            total=seen.total or None,
            completed=done,
            width=width,
            pulse=not seen.total,
            animation_time=self._clock(),
        )

    def _words(self, seen: _Seen) -> list[Text]:
        elapsed = Text(phrases.duration(self._clock() - self._began), style="dim")
        if is_loading(seen.counts, seen.ready, seen.processes):
            return [Text(loading(seen.ready, seen.processes)), elapsed]
        if not seen.counts.files:
            return [elapsed]
        words = [Text(phrases.of_files(seen.counts, seen.total))]
        if seen.counts.failed:
            words.append(Text(f"{seen.counts.failed:,} failed", style="bold red"))
        left = self._pace.seconds_left(seen.total)
        if left is not None:
            words.append(Text(f"{phrases.duration(left)} left", style="cyan"))
        if self._pace.rate is not None:
            words.append(Text(phrases.rate(self._pace.rate)))
        return [*words, Text(f"{seen.counts.rows:,} rows"), elapsed]


def fitting(words: Sequence[Text], width: int) -> list[Text]:
    """As many of the words, from the first on, as fit beside each other; a piece of it at least."""
    kept: list[Text] = []
    left = width
    for word in words:
        left -= word.cell_len + (len(_GAP) if kept else 0)
        if left < 0:
            break
        kept.append(word)
    if words and not kept and width > 0:
        first = words[0].copy()
        first.truncate(width, overflow="ellipsis")
        return [first]
    return kept
