"""The nearest valid choice to what somebody wrote."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LISTED = 12


def nearest(word: str, choices: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """The choice that the word was most likely meant to be, whatever its case and hyphens.

    Args:
        word: What was written.
        choices: What could have been.
        likeness: How alike they have to be, at most 1.
    """
    by_form = {_form(choice): choice for choice in choices}
    close = get_close_matches(_form(word), by_form, n=1, cutoff=likeness)
    return by_form[close[0]] if close else None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """`, did you mean ...?` or the choices there are; empty where there are none."""
    known = sorted(choices)
    match = nearest(word, known)
    if match is not None:
        return f", did you mean {match!r}?"
    return f", there is {listed(known)}" if known else ""


def listed(names: Iterable[str]) -> str:
    """Names with commas, the first dozen of them."""
    known = [repr(name) for name in names]
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    return ", ".join(known[:_LISTED]) + more


def _form(word: str) -> str:
    return word.lower().replace("-", "_")
