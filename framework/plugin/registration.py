"""The `register` that a plugin's hooks are called with."""

from __future__ import annotations

import re

from framework.errors import PluginError
from framework.plugin.contributions import Contribution, Kind

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_FACTORY = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


class Registration:
    """Collects one plugin's contributions of one kind, and refuses those that can't be used.

    Args:
        kind: What is registered.
        plugin: The plugin's name.
        version: The plugin's version.
        distribution: The installed package that the plugin came with.
    """

    def __init__(
        self, kind: Kind, *, plugin: str, version: str = "", distribution: str = ""
    ) -> None:
        self._kind = kind
        self._plugin = plugin
        self._version = version
        self._distribution = distribution
        self._made: dict[str, Contribution] = {}

    @property
    def made(self) -> tuple[Contribution, ...]:
        """What was registered, in order."""
        return tuple(self._made.values())

    def __call__(self, name: str, factory: str | type, *, summary: str = "") -> None:
        """Registers `factory` under `name`.

        Raises:
            PluginError: The name is unusable or taken, or the factory can't be imported elsewhere.
        """
        _check_name(self._kind, name)
        if name in self._made:
            raise PluginError(f"{self._kind} {name!r} is registered twice")
        self._made[name] = Contribution(
            kind=self._kind,
            name=name,
            factory=_import_string(factory, f"{self._kind} {name!r}"),
            summary=" ".join(str(summary).split()),
            plugin=self._plugin,
            version=self._version,
            distribution=self._distribution,
        )


def _check_name(kind: Kind, name: object) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PluginError(f"{kind} name {name!r} is not made of letters, digits, '-', '_' and '.'")


def _import_string(factory: object, who: str) -> str:
    text = factory
    if isinstance(factory, type):
        text = f"{factory.__module__}:{factory.__qualname__}"
    if not isinstance(text, str) or not _FACTORY.fullmatch(text):
        raise PluginError(f"factory {text!r} of {who} is not of the form 'package.module:Class'")
    if text.startswith("__main__:"):
        raise PluginError(f"factory {text!r} of {who} can't be imported by another process")
    return text
