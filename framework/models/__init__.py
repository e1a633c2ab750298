"""The model registry of a workspace: named, versioned, checked by checksum."""

from __future__ import annotations

from framework.models.content import Content, OnProgress, Phase, read_content
from framework.models.description import Description
from framework.models.references import ModelReference, parse_reference
from framework.models.registry import ModelRegistry, Registered
from framework.models.version import ModelType, ModelVersion

__all__ = [
    "Content",
    "Description",
    "ModelReference",
    "ModelRegistry",
    "ModelType",
    "ModelVersion",
    "OnProgress",
    "Phase",
    "Registered",
    "parse_reference",
    "read_content",
]
