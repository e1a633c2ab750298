"""What this plugin contributes. Imported by every command, so torch is not imported here."""

from __future__ import annotations

from typing import Any

from framework import hookimpl


@hookimpl
def register_scorers(register: Any) -> None:
    """Contributes the scorer `torch`."""
    register(
        "torch",
        "scorer_torch.scorer:TorchScorer",
        summary="an exported torch model (.pt2 or TorchScript) on images",
    )
