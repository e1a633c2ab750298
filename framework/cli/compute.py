"""`compute`: named Dask clusters."""

from __future__ import annotations

from framework.cli.entity_group import entity_group
from framework.cli.entity_kinds import COMPUTE

compute = entity_group(COMPUTE, "Computes: named descriptions of Dask clusters.")
