"""Where plugins come from: entry points of installed distributions, and modules that people name.

Distributions are read one by one, not by `importlib.metadata.entry_points()` nor by pluggy's own
loader: both stop at the first one that is broken.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pkgutil import resolve_name

from framework.plugin.contributions import BrokenPlugin
from framework.plugin.spec import ENTRY_POINT_GROUP

CONFIGURED = "`plugins` in the configuration"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A plugin that has been found and not been imported.

    Attributes:
        name: The entry point's name, or the module's path.
        origin: The distribution's name, or where it is configured.
        version: The distribution's version.
        load: Imports the plugin: a module, an object, or a class to be made without arguments.
    """

    name: str
    origin: str
    version: str = ""
    load: Callable[[], object]

    @property
    def distribution(self) -> str:
        """The installed package that it came with; empty for a bare module."""
        return "" if self.origin == CONFIGURED else self.origin

    def is_disabled(self, disabled: Collection[str]) -> bool:
        """Whether it, or all of its distribution's plugins, are switched off."""
        return self.name in disabled or self.origin in disabled


def configured(paths: Sequence[str]) -> Iterator[Candidate]:
    """The plugins that the configuration names: `package.module` or `package.module:object`."""
    for path in dict.fromkeys(paths):
        yield Candidate(name=path, origin=CONFIGURED, load=partial(_by_path, path))


def installed(
    distributions: Iterable[metadata.Distribution],
) -> tuple[list[Candidate], list[BrokenPlugin]]:
    """The plugins that distributions name in their entry points, sorted by name.

    Args:
        distributions: In the order of `sys.path`; of two with one name the first counts.
    """
    found: list[Candidate] = []
    broken: list[BrokenPlugin] = []
    seen: set[str] = set()
    for distribution in distributions:
        try:
            name, candidates = _read(distribution)
        except Exception as error:  # noqa: BLE001  a stranger's metadata may hold anything
            _report_unreadable(distribution, error, broken)
            continue
        if name not in seen:
            seen.add(name)
            found += candidates
    return sorted(found, key=lambda each: (each.name, each.origin)), broken


def _read(distribution: metadata.Distribution) -> tuple[str, list[Candidate]]:
    name = re.sub(r"[-_.]+", "-", distribution.name).lower()
    if ENTRY_POINT_GROUP not in (distribution.read_text("entry_points.txt") or ""):
        return name, []
    points = distribution.entry_points.select(group=ENTRY_POINT_GROUP)
    return name, [
        Candidate(
            name=point.name, origin=distribution.name, version=distribution.version, load=point.load
        )
        for point in points
    ]


def _report_unreadable(
    distribution: metadata.Distribution, error: Exception, broken: list[BrokenPlugin]
) -> None:
    where = str(distribution.locate_file(""))
    if not _concerns_us(distribution):
        _log.debug("a distribution in %s has unreadable metadata: %s", where, error)
        return
    message = f"its metadata can't be read: {type(error).__name__}: {error}"
    broken.append(BrokenPlugin(name="?", origin=where, error=message))


def _concerns_us(distribution: metadata.Distribution) -> bool:
    try:
        return ENTRY_POINT_GROUP in (distribution.read_text("entry_points.txt") or "")
    except (OSError, ValueError):
        return False


def _by_path(path: str) -> object:
    return resolve_name(path if ":" in path else f"{path}:")
