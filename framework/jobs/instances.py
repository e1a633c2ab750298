"""How many instances a job begins with, and when those without work may go."""

from __future__ import annotations

import math

from framework.domain.idleness import Idleness
from framework.jobs.ledger import DoneSet
from framework.jobs.listing import Listing
from framework.jobs.plan import JobPlan

_LISTED_S = 2.0


def instances_of(plan: JobPlan, listing: Listing, done: DoneSet) -> int:
    """As many as were asked for; where they are started for the job, no more than have work.

    Args:
        plan: The job's.
        listing: Its inputs; waited for a little, if need be.
        done: The mini-batches that have an outcome.
    """
    settings, compute = plan.settings, plan.compute
    asked = settings.resources.instance_count
    is_started = not compute.is_in_process and not compute.is_shared
    if asked == 1 or not is_started or not listing.is_listed_within(_LISTED_S):
        return asked
    planned = math.ceil(listing.known / settings.mini_batch_size)
    return max(1, settings.compute.min_instances, min(asked, planned - len(done)))


def idleness_of(plan: JobPlan) -> Idleness:
    """When the instances that have no work any more may go."""
    compute = plan.settings.compute
    return Idleness(compute.idle_time_before_scale_down, compute.min_instances)
