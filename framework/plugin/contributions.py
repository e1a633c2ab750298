"""What plugins contribute, and what is known of those that are broken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a plugin can contribute."""

    SCORER = "scorer"
    COMPUTE = "compute"
    OUTPUT_FORMAT = "output format"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One thing that a plugin has registered.

    Attributes:
        kind: What it is.
        name: Unique among its kind.
        factory: `"package.module:Class"`: it is imported where it is used, which for a scorer is
            another process.
        summary: One line for `plugins list`.
        plugin: The plugin that it came with.
        version: That plugin's version; empty for a module that is not installed.
        distribution: The installed package that it came with; empty for a bare module.
    """

    kind: Kind
    name: str
    factory: str
    summary: str = ""
    plugin: str
    version: str = ""
    distribution: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPlugin:
    """A plugin, or one contribution of it, that can't be used.

    Attributes:
        name: The plugin's name.
        origin: Where it is named: a distribution or `plugins` in the configuration.
        error: What is wrong, in one line.
        traceback: The plugin's own traceback, where its code raised.
    """

    name: str
    origin: str
    error: str
    traceback: str = ""

    def __str__(self) -> str:
        return f"plugin {self.name!r} of {self.origin}: {self.error}"
