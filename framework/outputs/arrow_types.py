"""Types of Arrow columns, as text, and which type can hold the values of two."""

from __future__ import annotations

import re
from typing import Any

TEXT = "large_string"
_TEXTS = {"null", "string", "large_string"}

_DECIMAL = re.compile(r"decimal128\((\d+), (-?\d+)\)")
_LIST = re.compile(r"list<\w+: (.+)>")
_TIMESTAMP = re.compile(r"timestamp\[(s|ms|us|ns)(?:, tz=(.+))?\]")
_INTEGER = re.compile(r"(u?)int(8|16|32|64)")
_FLOATS = ("halffloat", "float", "double")
_WIDENED_UNITS = ("s", "ms", "us")
_MOST_DIGITS = 38


def parse_type(kind: str) -> Any:
    """The `pyarrow.DataType` that its text stands for; that of text where it stands for none."""
    import pyarrow as pa

    if match := _LIST.fullmatch(kind):
        return pa.list_(parse_type(match[1]))
    if match := _TIMESTAMP.fullmatch(kind):
        return pa.timestamp(match[1], tz=match[2])
    if match := _DECIMAL.fullmatch(kind):
        return pa.decimal128(int(match[1]), int(match[2]))
    try:
        return pa.type_for_alias(kind)
    except ValueError:
        return pa.large_string()


def promote(left: str, right: str) -> str:
    """The type for a column that has values of both; text where no other holds them exactly.

    The one exception is whole numbers among floats: they become floats.
    """
    if left == right or right in ("", "null"):
        return left
    if left in ("", "null"):
        return right
    for rule in (_promote_numbers, _promote_lists, _promote_timestamps, _promote_decimals):
        if promoted := rule(left, right):
            return promoted
    if {left, right} <= {"binary", "large_binary"}:
        return "large_binary"
    return TEXT


def _promote_numbers(left: str, right: str) -> str | None:
    integers = [_INTEGER.fullmatch(kind) for kind in (left, right)]
    known = [found or kind in _FLOATS for found, kind in zip(integers, (left, right), strict=True)]
    if not all(known):
        return None
    if left in _FLOATS or right in _FLOATS:
        return "double"
    return _promote_integers(*(match for match in integers if match))


def _promote_integers(left: re.Match[str], right: re.Match[str]) -> str | None:
    if left[1] == right[1]:
        return f"{left[1]}int{max(int(left[2]), int(right[2]))}"
    return None if "uint64" in (left[0], right[0]) else "int64"


def _promote_lists(left: str, right: str) -> str | None:
    lists = _LIST.fullmatch(left), _LIST.fullmatch(right)
    if lists[0] is None or lists[1] is None:
        return None
    items = lists[0][1], lists[1][1]
    item = promote(*items)
    # Lists of texts that were not all texts say less than their JSON.
    return None if item == TEXT and not set(items) <= _TEXTS else f"list<item: {item}>"


def _promote_timestamps(left: str, right: str) -> str | None:
    stamps = _TIMESTAMP.fullmatch(left), _TIMESTAMP.fullmatch(right)
    if stamps[0] is None or stamps[1] is None or stamps[0][2] != stamps[1][2]:
        return None
    units = stamps[0][1], stamps[1][1]
    if not set(units) <= set(_WIDENED_UNITS):
        return None  # nanoseconds reach from 1677 to 2262 only
    finest = max(units, key=_WIDENED_UNITS.index)
    zone = f", tz={stamps[0][2]}" if stamps[0][2] else ""
    return f"timestamp[{finest}{zone}]"


def _promote_decimals(left: str, right: str) -> str | None:
    decimals = _DECIMAL.fullmatch(left), _DECIMAL.fullmatch(right)
    if decimals[0] is None or decimals[1] is None:
        return None
    digits = [(int(match[1]) - int(match[2]), int(match[2])) for match in decimals if match]
    scale = max(after for _, after in digits)
    precision = max(before for before, _ in digits) + scale
    return f"decimal128({precision}, {scale})" if precision <= _MOST_DIGITS else None
