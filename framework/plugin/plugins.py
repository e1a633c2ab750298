"""What all plugins contribute together, and how one contribution is found."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from framework.domain.suggestions import did_you_mean, listed
from framework.errors import PluginError
from framework.plugin.contributions import BrokenPlugin, Contribution, Kind

Observer = tuple[str, Callable[..., object]]
"""A plugin's name, and its `on_job_status`."""

PACKAGE_OF_SCORER: Mapping[str, str] = MappingProxyType({"torch": "./plugins/scorer-torch"})
"""What brings our own scorers: folders of the project, to be given to pip."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugins:
    """All contributions by kind and name, and the plugins that are broken.

    Attributes:
        scorers: What turns mini-batches into results.
        computes: What starts Dask clusters.
        output_formats: How rows are written.
        broken: Plugins that can't be used, and contributions under a name that was taken.
        observers: Who wants to know of a job's status.
    """

    scorers: Mapping[str, Contribution]
    computes: Mapping[str, Contribution]
    output_formats: Mapping[str, Contribution]
    broken: tuple[BrokenPlugin, ...] = ()
    observers: tuple[Observer, ...] = ()

    def find_scorer(self, name: str) -> Contribution:
        """The scorer of that name.

        Raises:
            PluginError: There is none; says what to install where it is one of ours.
        """
        if name not in self.scorers and name in PACKAGE_OF_SCORER:
            raise PluginError(
                f"scorer {name!r} is not installed: pip install {PACKAGE_OF_SCORER[name]}"
                f"{self._broken_hint()}"
            )
        return self._find(Kind.SCORER, self.scorers, name)

    def find_compute(self, name: str) -> Contribution:
        """The compute of that name.

        Raises:
            PluginError: There is none.
        """
        return self._find(Kind.COMPUTE, self.computes, name)

    def find_output_format(self, name: str) -> Contribution:
        """The output format of that name.

        Raises:
            PluginError: There is none.
        """
        return self._find(Kind.OUTPUT_FORMAT, self.output_formats, name)

    def notify_status(self, job: str, status: str) -> None:
        """Tells all observers of a job's new status; what they raise is logged."""
        for plugin, on_job_status in self.observers:
            try:
                on_job_status(job=job, status=status)
            except (Exception, SystemExit):  # noqa: BLE001  an observer must not end a job
                _log.exception("on_job_status of plugin %r failed for job %s", plugin, job)

    def _find(self, kind: Kind, known: Mapping[str, Contribution], name: str) -> Contribution:
        if name in known:
            return known[name]
        hint = did_you_mean(name, known)
        raise PluginError(f"no {kind} {name!r}{hint}{self._broken_hint()}")

    def _broken_hint(self) -> str:
        """What may be missing because its plugin is broken."""
        if not self.broken:
            return ""
        names = listed(dict.fromkeys(each.name for each in self.broken))
        return f" (broken plugins, see `plugins list`: {names})"
