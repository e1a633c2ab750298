"""Typed columns: as an Arrow IPC stream, and as JSON where there is no pa."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
import re
import sys
from collections.abc import Mapping
from typing import Any, Callable

from .results import Table, too_deep
from .values import (
    is_instance,
    is_missing,
    is_nested,
    native,
    plain_scalar,
    sequence_cells,
    text,
    unwrap,
)

_TAG = "$"
_DEEPEST = 50
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_HOLDERS = (list, tuple, dict, set, frozenset, *_VIEWS)
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
_TAGGED: tuple[tuple[type, str, Callable[[Any], Any]], ...] = (
    (dt.datetime, "datetime", lambda value: value.isoformat()),  # it is a date too: first
    (dt.date, "date", lambda value: value.isoformat()),
    (dt.time, "time", lambda value: value.isoformat()),
    (dt.timedelta, "timedelta", lambda value: [value.days, value.seconds, value.microseconds]),
    (decimal.Decimal, "decimal", str),
    (bytes, "bytes", lambda value: base64.b64encode(value).decode("ascii")),
)
_KNOWN_TYPE = re.compile(rf"(list<item: )*({_SIMPLE})>*")


def has_pyarrow() -> bool:
    """Whether pyarrow can be imported; it is, so that no scoring call waits for it."""
    try:
        import pyarrow as pa  # noqa: F401
    except ImportError:
        return False
    return True


def to_arrow(table: Table, result: Any) -> tuple[bytes, list[list[str]]]:
    """An Arrow IPC stream of one record batch, and its columns' names and types.

    A pandas DataFrame keeps its columns' types. What has no type that Parquet files of other
    mini-batches could share is text: mixed kinds of values, and mappings, which are written as
    JSON. NaN is null.
    """
    import pyarrow as pa

    if is_instance(result, "pandas", "DataFrame") and len(result.columns) == len(table.columns):
        columns = [result.iloc[:, place] for place in range(len(table.columns))]
    else:
        columns = _columns_of(table)
    arrays = [_to_array(column) for column in columns]
    names = [_writable(name) for name in table.columns]
    batch = pa.RecordBatch.from_arrays(arrays, names=names)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
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
    import pyarrow as pa

    if isinstance(values, list):  # pyarrow keeps the NaN of numpy's scalars
        values = [None if is_missing(value) else value for value in values]
    array = _infer(values)
    if array is None:
        array = _infer([unwrap(value) for value in values])
    if array is not None:
        array = _plain(array)
    if array is not None and _KNOWN_TYPE.fullmatch(str(array.type)):
        return array
    texts = [None if is_missing(value) else _writable(text(value)) for value in values]
    return pa.array(texts, pa.large_string())


def _infer(values: Any) -> Any:
    """An Arrow array of the type that pyarrow finds, or None where it finds none."""
    import pyarrow as pa

    if _crashes_pyarrow(values):
        return None
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, ValueError, TypeError, OverflowError, NotImplementedError):
        return None
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _crashes_pyarrow(values: Any) -> bool:
    """Whether numpy's times stand among its other scalars and arrays: pyarrow 26 dies of it."""
    if not isinstance(values, list) and values.dtype != object:
        return False
    kinds = {kind.__name__ for kind in _kinds(values) if kind.__module__ == "numpy"}
    return "datetime64" in kinds and len(kinds - {"object_"}) > 1


def _kinds(values: Any, deepest: int = _DEEPEST) -> set[type]:
    """The types of values, and of those that they hold; pyarrow crashes at what holds itself.

    Raises:
        UnsupportedResultError: There is no end to them.
    """
    array: Any = getattr(sys.modules.get("numpy"), "ndarray", list)
    kinds = set(map(type, values))
    holders = tuple(kind for kind in kinds if issubclass(kind, (*_HOLDERS, array)))
    if holders and not deepest:
        raise too_deep()
    for value in values if holders else ():
        if isinstance(value, dict):
            kinds |= _kinds(list(value.values()), deepest - 1)
        elif isinstance(value, _HOLDERS):
            kinds |= _kinds(value, deepest - 1)
        elif isinstance(value, array):
            kinds.add(value.dtype.type)
            kinds |= _kinds(value.ravel().tolist(), deepest - 1) if value.dtype == object else set()
    return kinds.difference(holders)


def _plain(array: Any) -> Any:
    """Without what other mini-batches' columns may not share: dictionaries, sizes of offsets."""
    import pyarrow as pa

    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    simpler = _SIMPLER.get(str(array.type))
    return array.cast(simpler) if simpler else array


def _writable(name: str) -> str:
    """Text that UTF-8 can hold."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _pack(value: Any) -> Any:
    """A value as JSON that tells its kind."""
    value = plain_scalar(unwrap(value))
    if type(value) in _ATOMS:
        return value
    if is_missing(value):
        return None
    if isinstance(value, Mapping):
        return _pack_mapping(value)
    if is_nested(value):
        return [_pack(item) for item in sequence_cells(value)]
    if isinstance(value, (bytearray, memoryview)):
        value = bytes(value)
    if is_instance(value, "numpy", "datetime64"):
        value = value.item() if isinstance(value.item(), dt.date) else value.astype("M8[us]").item()
    for kind, name, write in _TAGGED:
        if isinstance(value, kind):
            return {_TAG: [name, write(value)]}
    return native(value)


def _pack_mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    packed = [(key, _pack(item)) for key, item in value.items()]
    if _TAG in value or any(type(key) is not str for key, _ in packed):
        return {_TAG: ["dict", [[_pack(key), item] for key, item in packed]]}
    return dict(packed)
