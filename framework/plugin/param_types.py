"""Whether a value is what a parameter's annotation asks for."""

from __future__ import annotations

import types
import typing
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    Path: "a path",
    type(None): "null",
}


def hints_of(factory: type) -> Mapping[str, Any]:
    """The annotations of a class's constructor; none where they can't be told."""
    try:
        return typing.get_type_hints(factory.__init__)  # type: ignore[misc]
    except (AttributeError, NameError, TypeError):  # a stranger's names, only there for checkers
        return {}


def misfit(value: object, hint: Any) -> str | None:
    """What a value should be, where it is something else: `must be a whole number`.

    Only what YAML can say is told apart; other annotations take any value.
    """
    if _fits(value, hint):
        return None
    words = " or ".join(word for word in dict.fromkeys(_described(hint)) if word != "null")
    hint_of_quotes = ": put it in quotes" if _is_number(value) and "a text" in words else ""
    return f"must be {words}, is {value!r}{hint_of_quotes}"


def _fits(value: object, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        return any(_fits(value, each) for each in arguments)
    if origin is typing.Literal:
        return value in arguments
    if _is_kind(hint, Mapping):
        items = arguments[1] if len(arguments) == 2 else Any
        return isinstance(value, Mapping) and all(_fits(each, items) for each in value.values())
    if _is_kind(hint, Collection) and hint not in {str, bytes}:
        items = arguments[0] if arguments else Any
        return isinstance(value, list | tuple) and all(_fits(each, items) for each in value)
    if hint is float:
        return _is_number(value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is Path:
        return isinstance(value, str | Path)
    return not isinstance(hint, type) or hint not in _WORDS or isinstance(value, hint)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_kind(hint: Any, kind: type) -> bool:
    found = typing.get_origin(hint) or hint
    return isinstance(found, type) and issubclass(found, kind)


def _described(hint: Any) -> list[str]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        return [word for each in arguments for word in _described(each)]
    if origin is typing.Literal:
        return [repr(each) for each in arguments]
    if _is_kind(hint, Mapping):
        return ["a mapping"]
    if _is_kind(hint, Collection) and hint is not str:
        items = [_described(each)[0] for each in arguments[:1]]
        return [f"a list, each of it {items[0]}" if items else "a list"]
    return [_WORDS.get(hint, str(hint))]
