"""Commands of ours as people type them, to be pasted into a shell."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path


def job_command(verb: str, name: str, where: Sequence[str] = ()) -> str:
    """A verb on a job, with the options by which the job is found."""
    is_module = Path(sys.argv[0]).name == "__main__.py"
    program = ["python", "-m", "framework"] if is_module else ["framework"]
    return shlex.join([*program, "job", verb, name, *where])
