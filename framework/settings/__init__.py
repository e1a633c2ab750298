"""What a job is made of: frozen dataclasses that carry every default."""

from __future__ import annotations

from framework.settings.deployment import (
    CodeConfiguration,
    Environment,
    Model,
    OutputAction,
    Resources,
    RetrySettings,
    ScorerChoice,
)
from framework.settings.endpoint import Defaults, Endpoint
from framework.settings.job import Compute, InputType, LoggingLevel, Output, Settings

__all__ = [
    "CodeConfiguration",
    "Compute",
    "Defaults",
    "Endpoint",
    "Environment",
    "InputType",
    "LoggingLevel",
    "Model",
    "Output",
    "OutputAction",
    "Resources",
    "RetrySettings",
    "ScorerChoice",
    "Settings",
]
