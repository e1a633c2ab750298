"""What the whole command line knows of the command that it runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class RunState:
    """One command's switches, kept where also the handling of its failure finds them.

    Attributes:
        is_verbose: Whether `-v` was given.
    """

    is_verbose: bool = False
