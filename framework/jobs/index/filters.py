"""Which jobs a list shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from framework.domain.states import JobStatus
from framework.jobs.index.entries import Entry


class Archived(StrEnum):
    """What a list does with archived jobs."""

    LEFT_OUT = "left out"
    INCLUDED = "included"
    ONLY = "only"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs a list shows; what is not given does not matter.

    Attributes:
        statuses: One of these.
        endpoint: Of this endpoint.
        deployment: Of the deployments with this name.
        since: Created at this moment or later, as `framework.jobs.clock.now` writes moments.
        tags: With all of these.
        archived: What becomes of archived ones.
        max_results: Only the newest.
    """

    statuses: tuple[JobStatus, ...] = ()
    endpoint: str | None = None
    deployment: str | None = None
    since: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    archived: Archived = Archived.LEFT_OUT
    max_results: int | None = None

    def select(self, entries: Iterable[Entry]) -> list[Entry]:
        """Those that are shown, the newest first."""
        chosen = [each for each in entries if self._matches(each)]
        chosen.sort(key=lambda each: each.name)
        chosen.sort(key=lambda each: str(each.summary["created_at"]), reverse=True)
        return chosen[: self.max_results]

    def _matches(self, entry: Entry) -> bool:
        told = entry.summary
        return (
            (not self.statuses or entry.status in self.statuses)
            and self.endpoint in {None, told["endpoint"]}
            and self.deployment in {None, told["deployment"]}
            and (self.since is None or str(told["created_at"]) >= self.since)
            and self.tags.items() <= entry.tags.items()
            and self.archived in {Archived.INCLUDED, _group(entry)}
        )


def _group(entry: Entry) -> Archived:
    return Archived.ONLY if entry.is_archived else Archived.LEFT_OUT
