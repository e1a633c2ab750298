"""Columns: the union of those that mini-batches have, and the plain ones that processes send."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
from collections.abc import Callable, Iterable
from typing import Any

from framework.outputs.contract import Column

_TAG = "$"


def unite(
    column_sets: Iterable[Iterable[Column]], promote: Callable[[str, str], str]
) -> tuple[Column, ...]:
    """The union of columns, in first-seen order.

    Args:
        column_sets: The columns of each mini-batch, in input order; repetitions change nothing.
        promote: The output format's: the type for values of two types.
    """
    types: dict[str, str] = {}
    for columns in column_sets:
        for name, kind in columns:
            known = types.get(name)
            types[name] = kind if known is None or known == kind else promote(known, kind)
    return tuple(types.items())


def decode_columns(data: bytes) -> tuple[list[str], list[list[Any]]]:
    """The columns' names and the rows that a scorer process sent as `{"kind": "columns"}`.

    Values are `None`, bool, int, float, str, bytes, datetimes, dates, times, timedeltas, decimals,
    and lists and dicts of them.
    """
    table = json.loads(data, object_hook=_read_tagged)
    return table["columns"], table["rows"]


def _read_tagged(value: dict[str, Any]) -> Any:
    if _TAG not in value:
        return value
    kind, content = value[_TAG]
    return _READERS[kind](content)


_READERS: dict[str, Callable[[Any], Any]] = {
    "bytes": base64.b64decode,
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "timedelta": lambda content: dt.timedelta(*content),
    "decimal": decimal.Decimal,
    "dict": dict,
}
