"""Loads plugins: each by itself, so that a broken one harms nobody but itself."""

from __future__ import annotations

import inspect
import logging
import traceback
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata

import pluggy

from framework.domain.suggestions import listed, nearest
from framework.errors import PluginError
from framework.plugin import builtin, spec
from framework.plugin.contributions import BrokenPlugin, Contribution, Kind
from framework.plugin.discovery import Candidate, configured, installed
from framework.plugin.plugins import Observer, Plugins
from framework.plugin.registration import Registration

_DISTRIBUTION = "dask-batch-endpoints"
_KIND_OF_HOOK = {
    "register_scorers": Kind.SCORER,
    "register_computes": Kind.COMPUTE,
    "register_output_formats": Kind.OUTPUT_FORMAT,
}
_OBSERVING = "on_job_status"
HOOKS = (*_KIND_OF_HOOK, _OBSERVING)

_log = logging.getLogger(__name__)


def load_plugins(extra: Sequence[str] = (), disabled: Collection[str] = ()) -> Plugins:
    """Finds and loads all plugins: the built-in ones, those installed, and those configured.

    A plugin that can't be found, imported or called, or that registers something unusable, is
    logged once and kept in `Plugins.broken`; it contributes nothing.

    Args:
        extra: More plugins by import path, `package.module` or `package.module:object`.
        disabled: Names of plugins, or of distributions, that are left alone.
    """
    candidates, unreadable = installed(metadata.distributions())
    ours = Candidate(
        name="builtin", origin=_DISTRIBUTION, version=_own_version(), load=lambda: builtin
    )
    loading = _Loading(broken=unreadable)
    for candidate in (ours, *candidates, *configured(extra)):
        if not candidate.is_disabled(disabled):
            loading.add(candidate)
    for broken in loading.broken:
        _warn_once(str(broken))
    return loading.result()


@dataclass
class _Loading:
    """What has been loaded so far."""

    broken: list[BrokenPlugin]
    contributions: dict[tuple[Kind, str], Contribution] = field(default_factory=dict)
    observers: list[Observer] = field(default_factory=list)
    _seen: list[object] = field(default_factory=list)

    def add(self, candidate: Candidate) -> None:
        """Loads one plugin, and keeps what it contributes if all of it is sound."""
        try:
            plugin = candidate.load()
            if any(plugin is other for other in self._seen):
                return  # installed, and configured as well
            self._seen.append(plugin)
            hooks = _hooks(plugin() if inspect.isclass(plugin) else plugin)
            contributions = _contributions(hooks, candidate)
        except PluginError as error:
            self._reject(candidate, str(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001  a stranger's code may raise anything
            message = " ".join(f"{type(error).__name__}: {error}".split())
            self._reject(candidate, message, traceback.format_exc())
        else:
            self._keep(candidate, contributions)
            if hooks.on_job_status.get_hookimpls():
                self.observers.append((candidate.name, hooks.on_job_status))

    def _keep(self, candidate: Candidate, contributions: Iterable[Contribution]) -> None:
        for new in contributions:
            first = self.contributions.setdefault((new.kind, new.name), new)
            if first is not new:
                message = f"{new.kind} {new.name!r} is registered by plugin {first.plugin!r} too"
                self._reject(candidate, f"{message}, which came first and stays")

    def _reject(self, candidate: Candidate, error: str, trace: str = "") -> None:
        self.broken.append(
            BrokenPlugin(name=candidate.name, origin=candidate.origin, error=error, traceback=trace)
        )

    def result(self) -> Plugins:
        return Plugins(
            scorers=self._of(Kind.SCORER),
            computes=self._of(Kind.COMPUTE),
            output_formats=self._of(Kind.OUTPUT_FORMAT),
            broken=tuple(self.broken),
            observers=tuple(self.observers),
        )

    def _of(self, kind: Kind) -> Mapping[str, Contribution]:
        return {each.name: each for each in self.contributions.values() if each.kind is kind}


def _hooks(plugin: object) -> pluggy.HookRelay:
    """The hooks of one plugin, in a manager of its own: one that raises stops no other."""
    manager = pluggy.PluginManager(spec.PROJECT)
    manager.add_hookspecs(spec)
    unmarked = [name for name in HOOKS if hasattr(plugin, name)]
    try:
        manager.register(plugin)
    except pluggy.PluginValidationError as error:
        raise PluginError(" ".join(str(error).split())) from error
    callers = {caller.name: caller for caller in manager.get_hookcallers(plugin) or ()}
    for name, caller in callers.items():
        optional = all(each.optionalhook for each in caller.get_hookimpls())
        if not caller.has_spec() and not optional:
            raise PluginError(f"there is no hook {name!r}{_suggest(name)}")
    for name in unmarked:
        if name not in callers:
            raise PluginError(f"its function {name!r} is not marked with @hookimpl")
    if not callers:
        raise PluginError(f"it implements no hook; the hooks are {listed(HOOKS)}")
    return manager.hook


def _suggest(name: str) -> str:
    match = nearest(name, HOOKS)
    return f", did you mean {match!r}?" if match else f"; the hooks are {listed(HOOKS)}"


def _contributions(hooks: pluggy.HookRelay, candidate: Candidate) -> tuple[Contribution, ...]:
    made: list[Contribution] = []
    for hook, kind in _KIND_OF_HOOK.items():
        registration = Registration(
            kind,
            plugin=candidate.name,
            version=candidate.version,
            distribution=candidate.distribution,
        )
        getattr(hooks, hook)(register=registration)
        made += registration.made
    return tuple(made)


def _own_version() -> str:
    try:
        return metadata.version(_DISTRIBUTION)
    except metadata.PackageNotFoundError:  # run from a checkout
        return ""


@cache
def _warn_once(message: str) -> None:
    _log.warning("%s", message)
