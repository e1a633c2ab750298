"""Reading one value by the type of its field."""

from __future__ import annotations

import math
import numbers
import os
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

from framework.config.schema import Field, Kind
from framework.config.texts import Plain, decide, parse_flow
from framework.domain.redaction import without_signatures
from framework.domain.suggestions import did_you_mean
from framework.domain.tolerance import Tolerance

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_SIZE = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*(?P<unit>[a-z]*)", re.IGNORECASE)
_UNITS = {
    "": 1,
    "b": 1,
    "bytes": 1,
    **{prefix: 1000**power for power, prefix in enumerate("kmgtp", start=1)},
    **{prefix + "b": 1000**power for power, prefix in enumerate("kmgtp", start=1)},
    **{prefix + "i": 1024**power for power, prefix in enumerate("kmgtp", start=1)},
    **{prefix + "ib": 1024**power for power, prefix in enumerate("kmgtp", start=1)},
}
_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?",
    re.IGNORECASE | re.ASCII,
)
_SECONDS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_LISTS = frozenset({Kind.TEXTS, Kind.FILE_OR_TEXTS})
_LONGEST_SHOWN = 80
_MOST_DIGITS = 40


class WrongValueError(ValueError):
    """A value does not fit its field; the message says why, without the key."""


def settle(field: Field, raw: Any) -> Any:
    """Turns a written value into plain texts, numbers, lists and mappings.

    `Plain` texts become what their field holds; values from Python lose types such as `Path`.

    Raises:
        WrongValueError: It is nothing that a configuration can hold.
    """
    if isinstance(raw, Plain):
        return _settle_plain(field, raw)
    if isinstance(raw, Enum):
        return settle(field, raw.value)
    if isinstance(raw, str):
        return _without_nul(raw)
    if raw is None or isinstance(raw, bool):
        return raw
    if isinstance(raw, os.PathLike):
        return os.fsdecode(raw)
    if isinstance(raw, numbers.Integral):
        return int(raw)
    if isinstance(raw, numbers.Real):
        return float(raw)
    if isinstance(raw, Mapping):
        return {str(key): settle(field, value) for key, value in raw.items()}
    if isinstance(raw, Sequence | set | frozenset) and not isinstance(raw, bytes | bytearray):
        items = sorted(raw) if isinstance(raw, set | frozenset) else raw
        return [settle(field, item) for item in items]
    raise WrongValueError(f"must be {described(field)}, is of type {type(raw).__name__}")


def _settle_plain(field: Field, raw: Plain) -> Any:
    text = _without_nul(str(raw))
    if field.is_optional and text == "null":
        return None
    if field.kind is Kind.ANY:
        structure = parse_flow(text)
        return decide(text) if structure == text else settle(field, structure)
    if field.kind is Kind.FILE_OR_MAPPING and text.startswith("{"):
        structure = parse_flow(text)
        return text if structure == text else settle(field, structure)
    if field.kind in _LISTS and text.startswith("[") and text.endswith("]"):
        structure = parse_flow(text)
        if isinstance(structure, list) and all(isinstance(item, str) for item in structure):
            return [str(item) for item in structure]
    return text


def read(field: Field, value: Any) -> Any:
    """A settled value as its field's type.

    Raises:
        WrongValueError: It has another type, or is out of range.
    """
    if value is None:
        if field.is_optional:
            return None
        if field.kind is Kind.TEXTS:
            return ()
        raise WrongValueError(f"must be {described(field)}, is null")
    result = _READERS[field.kind](field, value)
    _check_range(field, result)
    return result


def described(field: Field) -> str:
    """What a field takes, in words."""
    if field.choices:
        return " or ".join(field.choices)
    if field.metadata.get("unit") == "bytes":
        return "a number of bytes or a size such as 4GiB"
    if field.metadata.get("unit") == "seconds":
        return "a number of seconds or a duration such as PT30S"
    return field.kind.value


def folded(word: str) -> str:
    """A word of a closed set as it is compared: `AppendRow` is `append_row`."""
    return word.lower().replace("_", "").replace("-", "")


def quoted(value: Any) -> str:
    """A value for a message: short, and without signatures."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(without_signatures(value)) if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def _text(field: Field, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if not isinstance(value, str):
        raise _wrong(field, value)
    return _without_nul(value)


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise WrongValueError("must not have a NUL character")
    return text


def _whole(field: Field, value: Any) -> int:
    if isinstance(value, bool):
        raise _wrong(field, value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        number = _size(value) if field.metadata.get("unit") == "bytes" else _integer(value)
        if number is not None:
            return number
    elif isinstance(value, int):
        return value
    raise _wrong(field, value)


def _integer(text: str) -> int | None:
    if len(text) > _MOST_DIGITS:
        return None
    try:
        return int(text)
    except ValueError:
        return None


def _size(text: str) -> int | None:
    match = _SIZE.fullmatch(text.strip().replace("_", ""))
    if match is None or match["unit"].lower() not in _UNITS or len(text) > _MOST_DIGITS:
        return None
    return int(Decimal(match["number"]) * _UNITS[match["unit"].lower()])


def _number(field: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong(field, value)
    if isinstance(value, str) and field.metadata.get("unit") == "seconds":
        value = _duration(value)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise _wrong(field, value) from None
    if not math.isfinite(number):
        raise _wrong(field, value)
    return number


def _duration(text: str) -> str | float:
    """The seconds of an ISO 8601 duration, as Azure's REST interface writes it; else the text."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()) or len(text) > _MOST_DIGITS:
        return text
    return sum(float(match[name] or 0) * scale for name, scale in _SECONDS.items())


def _switch(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise _wrong(field, value)


def _tolerance(field: Field, value: Any) -> int | str:
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return f"{Tolerance.of(value).percent:g}%"
        except ValueError:
            raise _wrong(field, value) from None
    number = _whole(field, value)
    if number < -1:
        raise WrongValueError(f"must be at least -1, is {number}")
    return number


def _choice(field: Field, value: Any) -> str:
    word = folded(str(value))
    for choice in field.choices:
        if word == folded(choice):
            return field.enum(choice) if field.enum else str(choice)
    if not isinstance(value, str):
        raise _wrong(field, value)
    hint = did_you_mean(value, field.choices) if len(field.choices) > 1 else ""
    raise WrongValueError(f"must be {described(field)}, is {quoted(value)}{hint}")


def _texts(field: Field, value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(_text(field, item) for item in items)


def _file_or_mapping(field: Field, value: Any) -> Any:
    if isinstance(value, str):
        return _text(field, value)
    if isinstance(value, dict):
        return _anything(field, value)
    raise _wrong(field, value)


def _file_or_texts(field: Field, value: Any) -> Any:
    if isinstance(value, str):
        return _text(field, value)
    if isinstance(value, list):
        return _texts(field, value)
    raise _wrong(field, value)


def _anything(field: Field, value: Any) -> Any:
    if isinstance(value, str):
        return _text(field, value)
    if isinstance(value, list):
        return [_anything(field, item) for item in value]
    if isinstance(value, dict):
        return {key: _anything(field, item) for key, item in value.items()}
    return value


_READERS = {
    Kind.TEXT: _text,
    Kind.WHOLE: _whole,
    Kind.NUMBER: _number,
    Kind.SWITCH: _switch,
    Kind.CHOICE: _choice,
    Kind.TOLERANCE: _tolerance,
    Kind.TEXTS: _texts,
    Kind.ANY: _anything,
    Kind.FILE_OR_MAPPING: _file_or_mapping,
    Kind.FILE_OR_TEXTS: _file_or_texts,
}


def _check_range(field: Field, value: Any) -> None:
    minimum, above = field.metadata.get("minimum"), field.metadata.get("above")
    if minimum is not None and value < minimum:
        raise WrongValueError(f"must be at least {minimum}, is {value}")
    if above is not None and not value > above:
        raise WrongValueError(f"must be more than {above}, is {value}")


def _wrong(field: Field, value: Any) -> WrongValueError:
    return WrongValueError(f"must be {described(field)}, is {quoted(value)}")
