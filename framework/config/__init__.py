"""Configuration: files and overrides in, settings out. The only user of OmegaConf."""

from __future__ import annotations

from framework.config.composing import compose, restore
from framework.config.composition import Composition
from framework.config.covering import datastore_options
from framework.config.differences import differences
from framework.config.documents import shown
from framework.config.initializing import initialize
from framework.config.overrides import Override, overrides_of
from framework.config.registry import find_conf

__all__ = [
    "Composition",
    "Override",
    "compose",
    "datastore_options",
    "differences",
    "find_conf",
    "initialize",
    "overrides_of",
    "restore",
    "shown",
]
