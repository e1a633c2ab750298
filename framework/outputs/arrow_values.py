"""Values in Arrow arrays: made of Python's, and given the type that a whole output has."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from framework.outputs.arrow_types import TEXT, parse_type

_LARGE = {"string": "large_string", "binary": "large_binary"}


def to_array(values: Sequence[Any]) -> Any:
    """Plain values as an Arrow array; text where they have no type in common. NaN is null."""
    import pyarrow as pa

    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return _texts(values)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if str(array.type) in _LARGE:
        return array.cast(_LARGE[str(array.type)])
    is_known = parse_type(str(array.type)) == array.type
    return array if is_known else _texts(values)


def fit(array: Any, target: Any) -> Any:
    """An array with the type that `promote` found for its column. Never fails for a value."""
    import pyarrow as pa

    if array.type == target:
        return array
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), target)
    if str(target) == TEXT and not _is_text(array):
        return _texts(_values(array))
    return array.cast(target, safe=False)


def _is_text(array: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_string(array.type) or pa.types.is_large_string(array.type)


def _values(array: Any) -> list[Any]:
    import pyarrow as pa

    if pa.types.is_float32(array.type):  # as Python's floats, they would show digits they haven't
        array = array.cast(pa.string())
    try:
        return array.to_pylist()
    except (ValueError, OverflowError, KeyError):  # Python has no such time, or no such time zone
        return array.cast(pa.string()).to_pylist()


def _texts(values: Sequence[Any]) -> Any:
    import pyarrow as pa

    texts = [None if value is None or _is_nan(value) else _text(value) for value in values]
    return pa.array(texts, pa.large_string())


def _is_nan(value: Any) -> bool:
    if isinstance(value, Decimal):
        return value.is_nan()
    return isinstance(value, float) and math.isnan(value)


def _text(value: Any) -> str:
    """A value as tables of text show it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    if isinstance(value, (list, dict)):
        value = json.dumps(value, ensure_ascii=False, default=_text)
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
