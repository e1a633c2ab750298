"""Does nothing with its files: what is left is what the machinery around a scorer costs."""

from __future__ import annotations


def init() -> None:
    """There is nothing to load."""


def run(mini_batch: list[str]) -> list[int]:
    """Gives one item a file."""
    return [0] * len(mini_batch)
