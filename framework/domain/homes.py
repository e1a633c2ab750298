"""Home folders in paths that people write."""

from __future__ import annotations

import os


def at_home(text: str) -> str:
    """A path whose leading `~` is a home folder; as it is where nobody knows that one."""
    return os.path.expanduser(text)  # noqa: PTH111 - doesn't raise where there is no home
