"""`datastore`: named places of data."""

from __future__ import annotations

from framework.cli.entity_group import entity_group
from framework.cli.entity_kinds import DATASTORE

datastore = entity_group(DATASTORE, "Datastores: named places of data, and how they are reached.")
