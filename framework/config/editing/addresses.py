"""What a verb is about: an entry of the registry by its kind and its names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from framework.config.registry import VERSIONED

Kind = Literal["endpoint", "deployment", "environment", "datastore", "compute", "data"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One entry of the registry.

    Attributes:
        kind: What it is.
        name: Its name.
        endpoint: A deployment's endpoint.
        version: One version of an environment or of data; the newest where absent.
    """

    kind: Kind
    name: str
    endpoint: str | None = None
    version: str | None = None

    @property
    def group(self) -> tuple[str, ...]:
        """The folder below `conf/` that it lies in."""
        return (self.kind,) if self.endpoint is None else (self.kind, self.endpoint)

    @property
    def is_versioned(self) -> bool:
        """Whether it has versions."""
        return self.kind in VERSIONED

    def __str__(self) -> str:
        of = "" if self.endpoint is None else f" of endpoint {self.endpoint!r}"
        return f"{self.kind} {self.name!r}{of}"
