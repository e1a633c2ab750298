"""What a driver knows of its whole job, told to the instances with every chunk."""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """What an instance needs to know of the job at large.

    Attributes:
        failed: Failed files in the ledger.
        isolated_s: Seconds that isolating has cost so far, as the ledger has it.
        tolerated: Most failed files that the job tolerates; `None` for any number.
        call_files: Most files in one scoring call, as was learnt; `None` where nothing was.
    """

    failed: int = 0
    isolated_s: float = 0.0
    tolerated: int | None = None
    call_files: int | None = None
