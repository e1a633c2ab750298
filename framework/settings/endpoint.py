"""The settings of an endpoint: a stable name with deployments behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """What an endpoint uses when the invocation doesn't say.

    Attributes:
        deployment_name: The deployment that an invocation without one uses.
    """

    deployment_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An endpoint's file, `conf/endpoint/<name>.yaml`.

    Attributes:
        name: 3 to 32 letters, digits and hyphens, beginning with a letter.
        settings: Defaults for all of its deployments.
    """

    name: str
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    auth_mode: str = "key"
    defaults: Defaults = field(default_factory=Defaults)
    settings: dict[str, Any] = field(default_factory=dict)
