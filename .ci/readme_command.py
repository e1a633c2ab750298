"""Prints a command of the README: the fenced block after `<!-- ci: NAME -->`, as one line.

So that what CI runs and what the README promises can't drift apart.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path


def command(text: str, name: str) -> str:
    """The command of that name, its continued lines joined."""
    pattern = rf"<!-- ci: {re.escape(name)} -->\s*```[a-z]*\n(.*?)\n```"
    match = re.search(pattern, text, flags=re.DOTALL)
    if match is None:
        raise SystemExit(f"the README has no fenced block after '<!-- ci: {name} -->'")
    lines = match[1].replace("\\\n", " ").splitlines()
    if len(lines) != 1:
        raise SystemExit(f"the README's block {name!r} is not one command")
    return " ".join(lines[0].split())


if __name__ == "__main__":
    print(command(Path(sys.argv[1]).read_text(encoding="utf-8"), sys.argv[2]))
