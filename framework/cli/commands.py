"""Commands of ours as people type them, to be pasted into a shell."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path


def job_command(verb: str, name: str, where: Sequence[str] = ()) -> str:
    """A verb on a job, with the options by which the job is found."""
    return shlex.join([*_program(), "job", verb, name, *where])


def retry_command(name: str, where: Sequence[str] = ()) -> str:
    """The command that scores a job's failed files again."""
    is_by_url = where[:1] == ["--workspace"] or where[:1] == ("--workspace",)
    found = [f"workspace={where[1]}"] if is_by_url else where
    return shlex.join([*_program(), "invoke", f"retry_errors={name}", *found])


def _program() -> list[str]:
    is_module = Path(sys.argv[0]).name == "__main__.py"
    return ["python", "-m", "framework"] if is_module else ["framework"]
