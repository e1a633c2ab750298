"""`--detach`: a job in a process of its own, which outlives the terminal.

That process makes the checks, on this command's stderr. Once it drives the job it lets go of
stderr, and this command ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from framework.cli.commands import job_command
from framework.cli.failures import say_error
from framework.cli.orders import Order
from framework.cli.rendering import show
from framework.cli.streams import say, visible

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

    from framework.jobs import Job
    from framework.storage import Store

TAKEN = b"taken\n"
NOT_NEEDED = b"not needed\n"
_FAILED = 1
_PROGRAM = Path(__file__).with_name("detached.py")


def detach(order: Order, workspace: Store, *, shows_all: bool, where: Sequence[str]) -> Job | int:
    """Starts the job's process, and waits until it drives the job.

    Args:
        order: What it is to do.
        workspace: Where the job's record is, or will be.
        shows_all: Whether to say how the job can be followed.
        where: The options by which another command finds the job.

    Returns:
        The job, or the exit code of what hindered it, which has been said.
    """
    from framework.jobs import find_job

    with _Handover(order) as handover:
        word = handover.wait()
    if not word:
        return handover.exit_code
    job = find_job(workspace, order.name)
    if shows_all:
        _say_how_to_go_on(job, is_taken=word == TAKEN, where=where)
    return job


def run_detached(
    order: Order,
    workspace: Store,
    shows_all: bool,
    where: Sequence[str],
    form: str | None,
    query: ParsedResult | None,
) -> int:
    """Detaches a job and shows it; returns the exit code."""
    job = detach(order, workspace, shows_all=shows_all, where=where)
    if isinstance(job, int):
        return job
    show(job.summary(), form=form, query=query)
    return 0


def _say_how_to_go_on(job: Job, *, is_taken: bool, where: Sequence[str]) -> None:
    if job.status.is_final and not is_taken:
        return  # it is Completed already
    said = "goes on by itself" if is_taken else "is driven by another process already"
    say(visible(f"job {job.name} {said}"))
    say(visible(f"to follow it: {job_command('stream', job.name, where)}"))
    say(visible(f"to cancel it: {job_command('cancel', job.name, where)}"))


class _Handover:
    """The time until another process has the job: it ends with this one, unless it has."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._name = order.name
        self._hearing, telling = os.pipe()
        try:
            self._process = subprocess.Popen(
                # -P: a folder of ours must not be where top-level modules are looked for.
                [sys.executable, "-P", str(_PROGRAM), order.name],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=(telling,),
                start_new_session=True,
            )
        except BaseException:
            os.close(self._hearing)
            raise
        finally:
            os.close(telling)
        self._give(order.to_json(telling=telling, path=sys.path))

    def __enter__(self) -> _Handover:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        os.close(self._hearing)
        if kind is not None:
            self._stop()

    def wait(self) -> bytes:
        """What it says once it has the job; nothing if it has ended without."""
        heard = b""
        while not heard.endswith(b"\n"):
            piece = os.read(self._hearing, 64)
            if not piece:
                return b""
            heard += piece
        return heard

    @property
    def exit_code(self) -> int:
        """Of a process that has ended without the job."""
        code = self._process.wait()
        if code > 0:
            return code  # it has said why
        ended = f"was killed by signal {-code}" if code else "ended"
        say_error(f"job {self._name}: its process {ended} before it drove the job")
        return _FAILED

    def _give(self, line: bytes) -> None:
        stdin = self._process.stdin
        # Its early end is seen by what it says.
        with suppress(BrokenPipeError):
            if stdin is not None:
                with stdin:
                    stdin.write(line)

    def _stop(self) -> None:
        """Ends the process; a job that it drives by now is canceled."""
        self._process.terminate()
        try:
            self._process.wait()
        except BaseException:  # asked for once more
            self._process.kill()
            raise
