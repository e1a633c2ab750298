"""Reading a job's output back."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from framework.errors import UsageError
from framework.jobs.record import JobRecord

if TYPE_CHECKING:
    import pandas as pd


def read_results(record: JobRecord, output: str | None) -> pd.DataFrame:
    """A job's output as a DataFrame.

    Raises:
        UsageError: There is no output, or pandas can't read its format.
    """
    if output is None:
        raise UsageError("the job keeps no rows")
    folder, _, name = output.rpartition("/")
    chosen = record.identity()["document"]["output"]
    kind = chosen.get("format") or PurePosixPath(name).suffix.lstrip(".")
    try:
        with record.open(folder or "/").open_read(name) as stream:
            table = _read(stream, kind, chosen)
    except FileNotFoundError:
        raise UsageError(f"there is no output at {output}") from None
    if table is None:
        raise UsageError(f"output format {kind}: can't be read as a DataFrame; it lies in {output}")
    return table


def _read(stream: BinaryIO, kind: str, chosen: dict[str, Any]) -> pd.DataFrame | None:
    import pandas as pd

    if chosen.get("style") == "azureml":
        return pd.read_csv(stream, sep=" ", header=None)
    match kind:
        case "csv" | "tsv":
            separator = chosen.get("separator") or ("\t" if kind == "tsv" else ",")
            header = 0 if chosen.get("header", True) else None
            return pd.read_csv(stream, sep=separator, header=header)
        case "jsonl":
            return pd.read_json(stream, lines=True, dtype=False, precise_float=True)
        case "parquet" | "pq":
            return pd.read_parquet(stream)
    return None
