"""What a scorer is told when it is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Optional


class ScoringContext(NamedTuple):
    """What a scorer is told when it is loaded.

    Attributes:
        model_path: The model's own file or folder; `None` for a deployment without a model.
        output_path: A local folder; what is written there ends beside the job's output.
        logging_level: `warning`, `info` or `debug`.
        device: `cuda:0`, ... where the instance has a GPU of its own, else an empty string.
    """

    model_path: Optional[Path]
    output_path: Path
    logging_level: str = "info"
    device: str = ""
