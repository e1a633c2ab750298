"""Typed columns: as an Arrow IPC stream, and as JSON where there is no pyarrow."""

from __future__ import annotations

import base64
import datetime
import decimal
import json
import re
from collections.abc import Mapping
from typing import Any

from .results import Table
from .values import is_instance, is_missing, is_nested, native, sequence_cells, text, unwrap

_TAG = "$"
_ATOMS = {str, int, float, bool, type(None)}
_SIMPLE = (
    r"null|bool|u?int(8|16|32|64)|float|double|(large_)?(string|binary)|date32\[day\]|date64\[ms\]"
    r"|time(32|64)\[\w+\]|timestamp\[\w+(, tz=[^\]<>]+)?\]|duration\[\w+\]|decimal128\(\d+, -?\d+\)"
)
_SIMPLER = {
    "string": "large_string",
    "string_view": "large_string",
    "binary": "large_binary",
    "binary_view": "large_binary",
    "halffloat": "float",
}
_TEXTUAL = (  # a datetime is a date too
    (datetime.datetime, "datetime"),
    (datetime.date, "date"),
    (datetime.time, "time"),
    (decimal.Decimal, "decimal"),
)
_KNOWN_TYPE = re.compile(rf"(list<item: )*({_SIMPLE})>*")


def has_pyarrow() -> bool:
    """Whether pyarrow can be imported; it is, so that no scoring call waits for it."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return False
    return True


def to_arrow(table: Table, result: Any) -> tuple[bytes, list[list[str]]]:
    """An Arrow IPC stream of one record batch, and its columns' names and types.

    A pandas DataFrame keeps its columns' types. What has no type that Parquet files of other
    mini-batches could share is text: mixed kinds of values, and mappings, which are written as
    JSON. NaN is null.
    """
    import pyarrow

    if is_instance(result, "pandas", "DataFrame") and len(result.columns) == len(table.columns):
        columns = [result.iloc[:, place] for place in range(len(table.columns))]
    else:
        columns = _columns_of(table)
    arrays = [_to_array(column) for column in columns]
    names = [_writable(name) for name in table.columns]
    batch = pyarrow.RecordBatch.from_arrays(arrays, names=names)
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    types = [[name, str(array.type)] for name, array in zip(table.columns, arrays)]
    return sink.getvalue().to_pybytes(), types


def to_json(table: Table) -> bytes:
    """Columns and rows as JSON, from which the instance makes the same values again.

    Whole numbers, floats with NaN and the infinities, truth values, texts, nulls and lists are
    JSON's own. Others are an object with the one key `$` that holds the kind and the value.
    """
    width = len(table.columns)
    rows = [
        [cell if type(cell) in _ATOMS else _pack(cell) for cell in row]
        + [None] * (width - len(row))
        for row in table.rows
    ]
    return json.dumps({"columns": table.columns, "rows": rows}).encode("ascii")


def _columns_of(table: Table) -> list[list[Any]]:
    width = len(table.columns)
    if all(len(row) == width for row in table.rows):
        return [list(column) for column in zip(*table.rows)] or [[] for _ in range(width)]
    return [
        [row[place] if place < len(row) else None for row in table.rows] for place in range(width)
    ]


def _to_array(values: Any) -> Any:
    """The values as an Arrow array of a type that the instance knows, at worst as text."""
    import pyarrow

    array = _infer(values)
    if array is None:
        array = _infer([unwrap(value) for value in values])
    if array is not None:
        array = _plain(array)
    if array is not None and _KNOWN_TYPE.fullmatch(str(array.type)):
        return array
    texts = [None if is_missing(value) else _writable(text(value)) for value in values]
    return pyarrow.array(texts, pyarrow.large_string())


def _infer(values: Any) -> Any:
    import pyarrow

    try:
        array = pyarrow.array(values, from_pandas=True)
    except (pyarrow.ArrowException, ValueError, TypeError, OverflowError):
        return None
    return array.combine_chunks() if isinstance(array, pyarrow.ChunkedArray) else array


def _plain(array: Any) -> Any:
    """Without what other mini-batches' columns may not share: dictionaries, sizes of offsets."""
    import pyarrow

    if pyarrow.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    simpler = _SIMPLER.get(str(array.type))
    return array.cast(simpler) if simpler else array


def _writable(name: str) -> str:
    """Text that UTF-8 can hold."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _pack(value: Any) -> Any:
    """A value as JSON that tells its kind."""
    value = unwrap(value)
    if isinstance(value, float):
        return float(value)
    if is_instance(value, "numpy", "floating"):
        return float(str(value))
    if is_missing(value):
        return None
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {_TAG: ["bytes", base64.b64encode(bytes(value)).decode("ascii")]}
    if isinstance(value, Mapping):
        return _pack_mapping(value)
    for kind, name in _TEXTUAL:
        if isinstance(value, kind):
            return {_TAG: [name, str(value) if name == "decimal" else value.isoformat()]}
    if isinstance(value, datetime.timedelta):
        return {_TAG: ["timedelta", [value.days, value.seconds, value.microseconds]]}
    if isinstance(value, (set, frozenset)):
        return sorted((_pack(item) for item in value), key=repr)
    if is_nested(value):
        return [_pack(item) for item in sequence_cells(value)]
    return native(value)


def _pack_mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    packed = [(key, _pack(item)) for key, item in value.items()]
    if _TAG in value or any(type(key) is not str for key, _ in packed):
        return {_TAG: ["dict", [[_pack(key), item] for key, item in packed]]}
    return dict(packed)
