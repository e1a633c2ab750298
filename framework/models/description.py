"""What people say of a model's version, which may change as its content may not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from framework.models.version import ModelVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What may change about a version; what is `None` stays as it is."""

    description: str | None = None
    tags: Mapping[str, str] | None = None
    properties: Mapping[str, str] | None = None

    def applied(self, model: ModelVersion) -> ModelVersion:
        """The version, described so."""
        return replace(
            model,
            description=model.description if self.description is None else self.description,
            tags=dict(model.tags if self.tags is None else self.tags),
            properties=dict(model.properties if self.properties is None else self.properties),
        )


UNCHANGED = Description()
