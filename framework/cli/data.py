"""`data`: named inputs."""

from __future__ import annotations

from framework.cli.entity_group import entity_group
from framework.cli.entity_kinds import DATA

data = entity_group(DATA, "Data: named files and folders to score, by version.")
