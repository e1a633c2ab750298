"""A detached job's process: it makes the checks, takes the job over, and drives it to its end."""

from __future__ import annotations

import gc
import logging
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from framework.cli.detaching import NOT_NEEDED, TAKEN
from framework.cli.failures import INTERRUPTED, exit_code_of
from framework.cli.following import COLLECT_EVERY, exit_code
from framework.cli.interrupts import ended_by_exception, interrupts
from framework.cli.run_state import RunState
from framework.cli.streams import (
    open_standard_streams,
    result_only,
    say_everything,
    warnings_said,
)
from framework.jobs import SilentObserver
from framework.jobs.driver_log import DRIVER_LOG
from framework.jobs.record import JobRecord

if TYPE_CHECKING:
    from framework.api import Invocation
    from framework.cli.orders import Order
    from framework.domain.states import JobStatus
    from framework.storage import Store


def drive(order: Order, *, telling: int) -> int:
    """Drives the job.

    Args:
        order: Which one, and how.
        telling: A pipe to whoever waits for the job to be taken over.

    Returns:
        The exit code.
    """
    os.set_inheritable(telling, False)  # its closing tells that this process is gone
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    open_standard_streams()
    state = RunState(is_verbose=order.is_verbose)
    # What composing has to say was said by whoever gave the order.
    logging.getLogger("framework").addHandler(logging.NullHandler())
    with ended_by_exception(), result_only():
        try:
            invocation = order.compose()
            with warnings_said():
                if order.is_verbose:
                    say_everything()
                return _drive(order, invocation, TakeOver(order, invocation.workspace(), telling))
        except KeyboardInterrupt:
            return INTERRUPTED  # whoever interrupted it says so
        except Exception as error:  # noqa: BLE001  no traceback of ours is shown
            return exit_code_of(error, state)


def _drive(order: Order, invocation: Invocation, take_over: TakeOver) -> int:
    gc.set_threshold(COLLECT_EVERY)
    begin = order.ready(invocation)
    with interrupts() as asked:
        job = begin(take_over)
        if not job.runs_here:
            take_over.tell(NOT_NEEDED)
            return 0
        asked.on_first(job.cancel)
        job.wait()
    return exit_code(job)


class TakeOver(SilentObserver):
    """Lets go of the terminal when the driver first speaks: from then on the job is its own.

    Args:
        order: Which job.
        workspace: Where it is.
        telling: A pipe to whoever waits for that.
    """

    def __init__(self, order: Order, workspace: Store, telling: int) -> None:
        self._log = workspace.local_path(JobRecord(workspace, order.name).path("logs", DRIVER_LOG))
        self._telling = telling
        self._is_done = False

    def on_status(self, status: JobStatus) -> None:
        """The driver has claimed the job, and has started nothing yet that writes to stderr."""
        if not self._is_done:
            self._is_done = True
            _write_to(self._log)
            self.tell(TAKEN)

    def tell(self, word: bytes) -> None:
        """Tells whoever waits, if somebody still does."""
        with suppress(BrokenPipeError):
            os.write(self._telling, word)
        os.close(self._telling)


def _write_to(log: Path | None) -> None:
    """Takes stdin from nowhere, and gives stdout and stderr to a log on a disk, or to nobody."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        written = os.open(log or os.devnull, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    except OSError:  # the job is worth more than its log
        written = os.dup(nowhere)
    os.dup2(nowhere, 0)
    for stream in (1, 2):
        os.dup2(written, stream)
    os.close(nowhere)
    os.close(written)
