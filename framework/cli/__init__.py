"""The command line: parse, call, render. The only place that writes to stdout.

One module a verb. Nothing heavy is imported before it is needed: `--help` takes no longer than
click does.
"""

from __future__ import annotations

from framework.cli.app import main

__all__ = ["main"]
