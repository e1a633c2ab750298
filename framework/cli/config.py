"""`config`: the composed configuration."""

from __future__ import annotations

from framework.cli.groups import LazyGroup
from framework.cli.options import examples

config = LazyGroup(
    name="config",
    help="The composed configuration.",
    verbs={"show": "framework.cli.config_show:config_show"},
    epilog=examples("python -m framework config show endpoint=mnist-batch"),
)
