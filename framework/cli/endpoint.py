"""`endpoint`: stable names to invoke."""

from __future__ import annotations

from framework.cli.entity_group import entity_group
from framework.cli.entity_kinds import ENDPOINT

endpoint = entity_group(
    ENDPOINT,
    "Endpoints: stable names to invoke, with deployments behind.",
    list_jobs="framework.cli.endpoint_list_jobs:endpoint_list_jobs",
)
