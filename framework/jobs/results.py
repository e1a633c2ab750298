"""Reading a job's output back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd


def read_results(document: Mapping[str, Any], output: str | None) -> pd.DataFrame:
    """A job's output as a DataFrame.

    Raises:
        UsageError: There is no output, or pandas can't read its format.
    """
    import pandas as pd

    if output is None or not Path(output).exists():
        raise UsageError(f"there is no output at {output}" if output else "the job keeps no rows")
    chosen = document["output"]
    if chosen.get("style") == "azureml":
        return pd.read_csv(output, sep=" ", header=None)
    kind = chosen.get("format") or Path(output).suffix.lstrip(".")
    match kind:
        case "csv" | "tsv":
            separator = chosen.get("separator") or ("\t" if kind == "tsv" else ",")
            header = 0 if chosen.get("header", True) else None
            return pd.read_csv(output, sep=separator, header=header)
        case "jsonl":
            return pd.read_json(output, lines=True, dtype=False, precise_float=True)
        case "parquet" | "pq":
            return pd.read_parquet(output)
    raise UsageError(f"output format {kind}: can't be read as a DataFrame; it lies in {output}")
