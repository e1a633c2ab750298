"""Single values: what they are, and how they read as text and as JSON.

Numpy, pandas and tensor libraries are known by what their values can do or through `sys.modules`;
none is imported.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import sys
from collections.abc import Mapping
from typing import Any

_SHORT_FLOATS = ("float16", "float32")


def is_instance(value: Any, library: str, name: str) -> bool:
    """Whether a value is of a library's class; a library not yet imported can't have made it."""
    kind = getattr(sys.modules.get(library), name, None)
    return kind is not None and isinstance(value, kind)


def type_name(value: Any) -> str:
    """A value's type as people know it: `None`, `dict`, `torch.Tensor`."""
    kind = type(value)
    if value is None:
        return "None"
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def is_missing(value: Any) -> bool:
    """Whether a value stands for nothing: `None`, NaN, pandas' `NaT` and `NA`, numpy's `NaT`."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, decimal.Decimal):
        return value.is_nan()
    if isinstance(value, float) or is_instance(value, "numpy", "floating"):
        return math.isnan(value)
    if is_instance(value, "numpy", "datetime64") or is_instance(value, "numpy", "timedelta64"):
        return str(value) == "NaT"
    return False


def unwrap(value: Any) -> Any:
    """A tensor as a numpy array, or as a scalar where it has no dimensions.

    Tensors are those of torch, TensorFlow and JAX, and what else has `ndim`. A scalar of numpy
    keeps its type and with it its short text: 0.1 in any precision. Other values stay as they are.
    """
    if not hasattr(value, "ndim") or is_instance(value, "numpy", "generic"):
        return value
    array = value if is_instance(value, "numpy", "ndarray") else _as_array(value)
    is_scalar = is_instance(array, "numpy", "ndarray") and array.ndim == 0
    return array[()] if is_scalar else array


def array_cells(array: Any) -> list[Any]:
    """The items of an array of one dimension: plain values where that changes no text."""
    keeps_type = array.dtype.kind in "fmM" and array.dtype != float
    if keeps_type and not hasattr(array, "mask"):
        return list(array)
    return array.tolist()  # type: ignore[no-any-return]


def plain_scalar(value: Any) -> Any:
    """A number or truth value of numpy as Python's own, which has the same text; else the value."""
    if is_instance(value, "numpy", "floating"):
        return float(str(value))
    if is_instance(value, "numpy", "integer") or is_instance(value, "numpy", "bool_"):
        return value.item()
    return value


def text(value: Any) -> str:
    """A value as the text of one cell; what stands for nothing is empty."""
    if type(value) is float or is_instance(value, "numpy", "floating"):
        return "" if math.isnan(value) else str(value)
    value = plain_scalar(unwrap(value))
    if isinstance(value, str):
        return str.__str__(value)
    if is_missing(value):
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return int.__repr__(value) if isinstance(value, int) else float.__repr__(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "backslashreplace")
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    if is_instance(value, "numpy", "datetime64"):
        return _moment(value, " ")
    if is_nested(value):
        return json.dumps(native(value), ensure_ascii=False)
    return str(value)


def native(value: Any) -> Any:
    """A value as JSON can hold it; what JSON has no number for is null."""
    value = plain_scalar(value)
    if type(value) is float:
        return value if math.isfinite(value) else None
    value = plain_scalar(unwrap(value))
    if is_missing(value):
        return None
    if isinstance(value, Mapping):
        return {text(key): native(item) for key, item in value.items()}
    if is_nested(value):
        return [native(item) for item in sequence_cells(value)]
    if isinstance(value, float):
        return native(float(value))
    if isinstance(value, int):
        return value if isinstance(value, bool) else int(value)
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    return _moment(value, "T") if is_instance(value, "numpy", "datetime64") else text(value)


def sequence_cells(value: Any) -> list[Any]:
    """The items of a list, a tuple, a set, an array or a pandas Series."""
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)  # a set's own order differs from process to process
    if is_instance(value, "numpy", "ndarray"):
        return array_cells(value) if value.ndim == 1 else list(value)
    if is_instance(value, "pandas", "Series") and str(value.dtype).lower() in _SHORT_FLOATS:
        return list(value.array)
    return value.tolist()  # type: ignore[no-any-return]


def is_nested(value: Any) -> bool:
    """Whether a value holds others: a mapping, a sequence, a set, or an array with dimensions."""
    return isinstance(value, (Mapping, list, tuple, set, frozenset)) or (
        hasattr(value, "tolist") and getattr(value, "ndim", 0) > 0
    )


def _moment(value: Any, between: str) -> str:
    """A numpy time as Python and pandas write theirs: no fraction, six or nine digits of it."""
    moment, _, fraction = str(value).partition(".")
    fraction = fraction.rstrip("0")
    if fraction:
        moment = f"{moment}.{fraction.ljust(9 if len(fraction) > 6 else 6, '0')}"
    return moment.replace("T", between)


def _as_array(tensor: Any) -> Any:
    if is_instance(tensor, "pandas", "Series") or is_instance(tensor, "pandas", "DataFrame"):
        return tensor
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu()
    if hasattr(tensor, "numpy"):
        try:
            return tensor.numpy()
        except (TypeError, RuntimeError):
            pass  # torch has types that numpy lacks, and runs without numpy too
    elif hasattr(tensor, "__array__") and "numpy" in sys.modules:
        return sys.modules["numpy"].asarray(tensor)
    return tensor.tolist() if hasattr(tensor, "tolist") else tensor
