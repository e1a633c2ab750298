"""Where instances find what a job needs, and where they leave what they make."""

from __future__ import annotations

from dataclasses import dataclass

from framework.domain.models import ModelSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The URLs that instances are told.

    Attributes:
        input_root: What the paths of inputs are relative to.
        staging: Parts and extra files are staged below it.
        logs: The folder of the scorer processes' logs.
        code: The archive with the code's snapshot; empty for none.
        model: Where the model lies, if there is one.
        is_reduced_there: Whether instances see workspace and output, so that one of them reduces.
    """

    input_root: str
    staging: str
    logs: str
    code: str = ""
    model: ModelSource | None = None
    is_reduced_there: bool = True
