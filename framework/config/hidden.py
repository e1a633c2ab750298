"""Words that stand for texts which a parser must not see."""

from __future__ import annotations

import re
import secrets
from typing import Any

from framework.domain.references import REFERENCE


class Hidden:
    """A text in which words that no parser has a meaning for stand for something else."""

    def __init__(self) -> None:
        self._mark = f"_{secrets.token_hex(8)}_"
        self._kept: list[str] = []

    def hide(self, text: str) -> str:
        """A word that stands for the text."""
        self._kept.append(text)
        return f"{self._mark}{len(self._kept) - 1}_"

    def hide_references(self, text: str) -> str:
        """The text, with a word in the place of each reference."""
        return REFERENCE.sub(lambda match: self.hide(match[0]), text)

    def restore(self, value: Any) -> Any:
        """Puts everything back, in texts, lists and mappings alike."""
        if isinstance(value, str):
            back = re.sub(f"{self._mark}([0-9]+)_", lambda m: self._kept[int(m[1])], value)
            return value if back == value else type(value)(back)
        if isinstance(value, list):
            return [self.restore(item) for item in value]
        if isinstance(value, dict):
            items = list(value.items())
            value.clear()
            value.update((self.restore(key), self.restore(item)) for key, item in items)
        return value
