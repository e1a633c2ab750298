"""How the rows of a mini-batch become bytes: one encoder for each kind of output.

The texts are the same whatever libraries and versions the user's interpreter has, but for the
kind `azureml`, whose point is to be what pandas writes there.
"""

from __future__ import annotations

import csv
import json
from typing import Any, Iterable, NamedTuple

from . import columnar
from .results import Table
from .values import native, text

_LINE_END = "\r\n"
_AS_IT_IS = {str, int, bool}


class Encoded(NamedTuple):
    """One block of an output.

    Attributes:
        data: Its bytes.
        columns: A name and a type for each column; the type is empty for formats of text.
    """

    data: bytes
    columns: list[list[str]]


class Encoder:
    """Encodes the rows of mini-batches.

    Attributes:
        kind: What the bytes are. A scorer process asked for `arrow` makes `columns` where its
            interpreter has no pyarrow.
    """

    kind = ""

    def encode(self, table: Table, result: Any) -> Encoded:
        """Encodes one mini-batch's rows.

        Args:
            table: What `results.tabulate` made of the result.
            result: What the scorer returned.
        """
        raise NotImplementedError


def make_encoder(spec: dict[str, Any]) -> Encoder:
    """The encoder for an output format's spec: `{"kind": "delimited", "separator": ","}`.

    What it needs to import is imported here, and not within the first scoring call's deadline.

    Raises:
        ValueError: No encoder is of that kind.
    """
    kind = spec["kind"]
    if kind == "delimited":
        return DelimitedEncoder(spec["separator"])
    if kind == "jsonl":
        return JsonLinesEncoder()
    if kind == "azureml":
        return AzureMLEncoder(spec.get("separator") or " ")
    if kind == "arrow" and columnar.has_pyarrow():
        return ArrowEncoder()
    if kind in ("arrow", "columns"):
        return ColumnsEncoder()
    raise ValueError(f"no encoder is of the kind {kind!r}")


class DelimitedEncoder(Encoder):
    """Rows of a csv or tsv file, without a header."""

    kind = "delimited"

    def __init__(self, separator: str) -> None:
        self._separator = separator

    def encode(self, table: Table, result: Any) -> Encoded:
        """See `Encoder.encode`."""
        del result  # the table says it all
        return Encoded(_delimited(table, self._separator), _untyped(table.columns))


class JsonLinesEncoder(Encoder):
    """One JSON object a row. A row has the keys that the scorer gave it, and no others."""

    kind = "jsonl"

    def __init__(self) -> None:
        self._dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode

    def encode(self, table: Table, result: Any) -> Encoded:
        """See `Encoder.encode`."""
        del result  # the table says it all
        columns = table.columns
        records: Iterable[Any] = table.records or (dict(zip(columns, row)) for row in table.rows)
        lines = [self._line(record) for record in records]
        return Encoded(to_bytes("".join(lines)), _untyped(columns))

    def _line(self, record: dict[str, Any]) -> str:
        try:
            return self._dump(record) + "\n"
        except (TypeError, ValueError):  # NaN, and what JSON doesn't know
            return self._dump({key: native(value) for key, value in record.items()}) + "\n"


class AzureMLEncoder(Encoder):
    """The bytes of Azure ML's `append_row`: what `DataFrame.to_csv` writes, without a header."""

    kind = "azureml"

    def __init__(self, separator: str) -> None:
        self._separator = separator
        self._pandas = _import_pandas()

    def encode(self, table: Table, result: Any) -> Encoded:
        """See `Encoder.encode`."""
        if self._pandas is None:
            return Encoded(_delimited(table, self._separator), _untyped(table.columns))
        frame = self._pandas.DataFrame(result)
        written = frame.to_csv(sep=self._separator, header=False, index=False)
        return Encoded(to_bytes(written), _untyped(table.columns))


class ArrowEncoder(Encoder):
    """An Arrow IPC stream of one record batch."""

    kind = "arrow"

    def encode(self, table: Table, result: Any) -> Encoded:
        """See `Encoder.encode`."""
        return Encoded(*columnar.to_arrow(table, result))


class ColumnsEncoder(Encoder):
    """Plain values as JSON, for formats that are encoded on the instance."""

    kind = "columns"

    def encode(self, table: Table, result: Any) -> Encoded:
        """See `Encoder.encode`."""
        del result  # the table says it all
        return Encoded(columnar.to_json(table), _untyped(table.columns))


def to_bytes(written: str) -> bytes:
    """UTF-8. Half a surrogate pair, as in a file name that is no UTF-8, is written as an escape."""
    return written.encode("utf-8", "backslashreplace")


def _delimited(table: Table, separator: str) -> bytes:
    lines = _Lines()
    writer = csv.writer(lines, delimiter=separator, lineterminator=_LINE_END)
    width = len(table.columns)
    for row in table.rows:
        cells = [
            cell if type(cell) in _AS_IT_IS else "" if cell is None else text(cell) for cell in row
        ]
        writer.writerow(cells + [""] * (width - len(cells)))
    return to_bytes("".join(lines.written))


class _Lines:
    """Takes whole lines from a `csv.writer`, and ends them in a line feed.

    The writer is told to end them in both, since before Python 3.13 it quotes only the characters
    of its own line end; an unquoted carriage return would be read as the end of a row.
    """

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, line: str) -> None:
        self.written.append(line[: -len(_LINE_END)] + "\n")


def _untyped(columns: list[str]) -> list[list[str]]:
    return [[name, ""] for name in columns]


def _import_pandas() -> Any:
    try:
        import pandas as pd
    except ImportError:
        return None
    return pd
