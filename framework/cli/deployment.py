"""`deployment`: what an endpoint scores with."""

from __future__ import annotations

from framework.cli.entity_group import entity_group
from framework.cli.entity_kinds import DEPLOYMENT

deployment = entity_group(
    DEPLOYMENT,
    "Deployments: what an endpoint scores with.",
    list_jobs="framework.cli.deployment_list_jobs:deployment_list_jobs",
)
