"""Lines of a job's logs as people see them: nothing in them can disturb a terminal."""

from __future__ import annotations

from framework.cli.streams import visible
from framework.domain import phrases
from framework.jobs.driver_log import DRIVER, ERROR, NOTICE, STATUS, TRACEBACK
from framework.jobs.logs import Line

_SPOKEN = {NOTICE, TRACEBACK}
_KNOWN_OTHERWISE = {STATUS, ERROR}


def shown(line: Line, *, is_named: bool = True) -> str:
    """The line, behind its process in brackets."""
    text = visible(line.text)
    if line.lost:
        text += f" ... and {phrases.size(line.lost)} more"
    return f"[{line.process}] {text}" if is_named else text


def spoken(line: Line) -> Line | None:
    """The line for who follows the job: of the driver, only its words.

    Nothing where they are known otherwise: the job's status, and why it failed.
    """
    words = line.text.split(" ", 2)
    if line.process != DRIVER or len(words) < 3:
        return line
    if words[1] in _KNOWN_OTHERWISE:
        return None
    return line._replace(text=words[2]) if words[1] in _SPOKEN else line
