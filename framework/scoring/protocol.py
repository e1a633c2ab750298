"""What a scorer process may answer: anything else has not come from our code in it."""

from __future__ import annotations

import math
from typing import Any

from framework.domain.outcomes import FailureKind, Stage

_STAGES = frozenset({"load", *Stage})
_KINDS = frozenset(FailureKind)


class ProtocolError(ValueError):
    """A frame is no reply: a user's code has written to the channel, or has sent one too many."""


def check_reply(header: Any, turn: int) -> dict[str, Any]:
    """Makes sure that a frame's header is the reply to a request.

    Args:
        header: See `framework/scoring/child/loop.py`.
        turn: Which request the next reply has to answer; 0 for loading.

    Returns:
        The header.

    Raises:
        ProtocolError: It isn't.
    """
    if not isinstance(header, dict) or not isinstance(header.get("ok"), bool):
        raise ProtocolError("it is no reply")
    if header.get("turn") != turn or isinstance(header["turn"], bool):
        raise ProtocolError(f"it answers request {header.get('turn')!r:.20}, where {turn} is due")
    if not (_is_success(header, turn) if header["ok"] else _is_failure(header, turn)):
        raise ProtocolError("it lacks what a reply has")
    return header


def _is_success(header: dict[str, Any], turn: int) -> bool:
    if turn == 0:
        return isinstance(header.get("encoding"), str)
    columns = header.get("columns", [])
    return (
        _is_duration(header)
        and _is_count(header.get("items"))
        and _is_count(header.get("rows"))
        and isinstance(columns, list)
        and all(_are_texts(column) and len(column) == 2 for column in columns)
        and _are_texts(header.get("missing") or [])
        and _are_texts(header.get("extras", []))
    )


def _is_failure(header: dict[str, Any], turn: int) -> bool:
    said = [header.get(key) for key in ("message", "traceback", "stage", "kind")]
    return (
        _are_texts(said)
        and header["stage"] in _STAGES
        and header["kind"] in _KINDS
        and (turn == 0 or _is_duration(header))
    )


def _is_duration(header: dict[str, Any]) -> bool:
    seconds = header.get("seconds")
    return isinstance(seconds, float) and math.isfinite(seconds) and seconds >= 0


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)
