"""What a job may be called: a name is also the name of a folder, and must not lead out of it."""

from __future__ import annotations

import re

_JOB_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,254}")
_LONGEST_SHOWN = 60

RULE = (
    "it takes up to 255 letters, digits and '-_.', beginning with a letter, a digit or '_', "
    "without '..'"
)


def is_job_name(text: str) -> bool:
    """Whether a job may have this name."""
    return _JOB_NAME.fullmatch(text) is not None and ".." not in text


def why_no_job_name(text: str) -> str:
    """What to say of a text that is no job's name."""
    shown = repr(text)
    short = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[: _LONGEST_SHOWN - 3]}..."
    return f"{short} is no name for a job: {RULE}"
