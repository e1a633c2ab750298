"""`environment`: what scorer processes run in."""

from __future__ import annotations

from framework.cli.entity_group import entity_group
from framework.cli.entity_kinds import ENVIRONMENT

environment = entity_group(ENVIRONMENT, "Environments that scorer processes run in, by version.")
