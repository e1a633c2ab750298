"""`plugins`: scorers, computes and output formats."""

from __future__ import annotations

from framework.cli.groups import LazyGroup
from framework.cli.options import examples

plugins = LazyGroup(
    name="plugins",
    help="Scorers, computes and output formats.",
    verbs={"list": "framework.cli.plugins_list:plugins_list"},
    epilog=examples("python -m framework plugins list"),
)
