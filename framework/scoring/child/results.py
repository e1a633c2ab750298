"""What a scoring call may return, read as a table of columns and rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Iterable, NamedTuple

from .naming import missing_files
from .values import array_cells, is_instance, sequence_cells, type_name, unwrap

_ATOMS = {str, int, float, bool, bytes, type(None)}


class UnsupportedResultError(Exception):
    """A scoring call returned what can't be read as rows."""


def too_deep() -> UnsupportedResultError:
    """The error for values that can't be written, since there is no end to them."""
    return UnsupportedResultError(
        "run() returned values that hold themselves, or hold others too deeply to be written"
    )


class Table(NamedTuple):
    """The rows of one mini-batch.

    Attributes:
        columns: Their names, each once.
        rows: Cells as the scorer returned them. A row may be shorter than `columns`: it lacks the
            last ones.
        items: How many items succeeded: the length of what was returned.
        missing: The files that no row names; `None` where the rows can't tell.
        records: The rows as mappings with keys of their own, in their own order, where the scorer
            returned mappings; else `None`.
    """

    columns: list[str]
    rows: list[Any]
    items: int
    missing: list[str] | None
    records: list[dict[str, Any]] | None = None


def tabulate(result: Any, files: list[str]) -> Table:
    """Reads what a scoring call returned.

    Args:
        result: A DataFrame, a list, a tuple or a numpy array. A pandas Series counts as a list.
        files: The mini-batch's paths relative to the input's root, as the `file` column shows them.

    Raises:
        UnsupportedResultError: It is anything else, or its items differ in kind.
    """
    if isinstance(result, (list, tuple)):
        columns, rows, records = _read_items(result, files)
    elif is_instance(result, "numpy", "ndarray"):
        columns, rows, records = _read_array(result, files)
    elif is_instance(result, "pandas", "DataFrame"):
        columns, rows, records = _read_frame(result)
    elif is_instance(result, "pandas", "Series"):
        columns, rows, records = _read_items(sequence_cells(result), files)
    else:
        raise UnsupportedResultError(
            f"run() returned {type_name(result)}; it must return a pandas DataFrame, a list, "
            "a tuple or a numpy array"
        )
    if rows and not columns:
        # A row without a cell can't be written in every format, and yet it counts.
        columns, rows, records = ["prediction"], [(None,)] * len(rows), None
    return Table(columns, rows, len(rows), missing_files(columns, rows, files), records)


class _Rows(NamedTuple):
    columns: list[str]
    rows: list[Any]
    records: list[dict[str, Any]] | None = None


def _read_items(items: Any, files: list[str]) -> _Rows:
    kinds = set(map(type, items))
    if not kinds <= _ATOMS and kinds != {dict} and not kinds <= {list, tuple}:
        items = [_item(item) for item in items]
        _check_alike(items)
    first = items[0] if items else None
    if isinstance(first, dict):
        return _read_records(items)
    if isinstance(first, (list, tuple)):
        return _Rows(_numbered(max(map(len, items))), list(items))
    if items and len(items) == len(files):
        return _Rows(["file", "prediction"], list(zip(files, items)))
    return _Rows(["prediction"] if items else [], [(item,) for item in items])


def _item(item: Any) -> Any:
    """An item as a scalar, a dict, or a list of cells."""
    if isinstance(item, tuple) and hasattr(item, "_asdict"):
        return item._asdict()
    if is_dataclass(item) and not isinstance(item, type):
        return {field.name: getattr(item, field.name) for field in fields(item)}
    if isinstance(item, Mapping) or is_instance(item, "pandas", "Series"):
        return dict(item.items())
    item = unwrap(item)
    if is_instance(item, "numpy", "void") and item.dtype.names:
        return dict(zip(item.dtype.names, item))
    return sequence_cells(item) if is_instance(item, "numpy", "ndarray") else item


def _check_alike(items: list[Any]) -> None:
    for place, item in enumerate(items):
        if is_instance(item, "pandas", "DataFrame"):
            raise UnsupportedResultError(
                f"run() returned a list whose item {place} is a DataFrame; "
                "join them with pandas.concat"
            )
        if _shape(item) != _shape(items[0]):
            raise UnsupportedResultError(
                f"run() returned a list whose item {place} is {_described(item)}, "
                f"where item 0 is {_described(items[0])}"
            )


def _shape(item: Any) -> type:
    if isinstance(item, dict):
        return dict
    return list if isinstance(item, (list, tuple)) else object


def _described(item: Any) -> str:
    name = type_name(item)
    return name if item is None else f"a {name}"


def _read_records(records: Iterable[Any]) -> _Rows:
    named = [
        item if set(map(type, item)) <= {str} else {_name(key): item[key] for key in item}
        for item in records
    ]
    columns = list(dict.fromkeys(key for record in named for key in record))
    return _Rows(columns, [[record.get(name) for name in columns] for record in named], named)


def _read_array(array: Any, files: list[str]) -> _Rows:
    if array.ndim == 0:
        raise UnsupportedResultError("run() returned a numpy array without dimensions")
    if array.dtype.names and array.ndim == 1:
        return _Rows(_distinct(array.dtype.names), [tuple(row) for row in array])
    if array.ndim == 1:
        return _read_items(array_cells(array), files)
    if is_instance(array, "numpy", "matrix"):
        array = array.A  # a row of a matrix is a matrix again
    return _Rows(_numbered(array.shape[1]), [sequence_cells(row) for row in array])


def _read_frame(frame: Any) -> _Rows:
    columns = _distinct([_name(name) for name in frame.columns])
    cells = [sequence_cells(frame.iloc[:, place]) for place in range(len(columns))]
    rows = list(zip(*cells)) if cells else [()] * len(frame)
    return _Rows(columns, rows)


def _numbered(width: int) -> list[str]:
    return [f"prediction_{place}" for place in range(width)]


def _name(key: Any) -> str:
    """A column's name; the levels of a pandas MultiIndex are joined."""
    if isinstance(key, tuple):
        return "_".join(str(level) for level in key)
    return str(key)


def _distinct(names: Iterable[str]) -> list[str]:
    """Names, each once: a later one of the same name gets `.1`, `.2`, as pandas reads them."""
    names = list(names)
    given = set(names)
    distinct: dict[str, None] = {}
    for name in names:
        unique, copies = name, 0
        while unique in distinct or (copies and unique in given):
            copies += 1
            unique = f"{name}.{copies}"
        distinct[unique] = None
    return list(distinct)
