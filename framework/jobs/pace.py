"""How often a job turns to its workspace: a store that is far away is asked and told less often."""

from __future__ import annotations

from typing import NamedTuple

from framework.storage import Store


class Pace(NamedTuple):
    """Seconds between what is done again and again.

    Attributes:
        ledger_s: Between two additions to the ledger; 0 to add each receipt as it comes.
        request_s: Between two looks for what others ask of the driver.
        heartbeat_s: Between two signs of life.
        look_s: Between two looks of who follows a job.
    """

    ledger_s: float
    request_s: float
    heartbeat_s: float
    look_s: float


ON_A_DISK = Pace(ledger_s=0.0, request_s=0.25, heartbeat_s=2.0, look_s=0.25)
FAR_AWAY = Pace(ledger_s=1.0, request_s=2.0, heartbeat_s=4.0, look_s=2.0)


def pace_of(workspace: Store) -> Pace:
    """The pace for a workspace."""
    return FAR_AWAY if workspace.local_path("") is None else ON_A_DISK
