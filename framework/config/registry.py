"""The registry: the files under `conf/`, found by their names.

Environments and data have versions: `NAME.yaml` is the newest, and says which; the older ones lie
beside it as `NAME@VERSION.yaml`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from framework.config.yaml_files import read_yaml, shown_path
from framework.domain.homes import at_home
from framework.domain.suggestions import listed, nearest
from framework.errors import ConfigurationError, NotFoundError, Problem

VARIABLE = "FRAMEWORK_CONF"
_CONFIG = "config.yaml"
_SUFFIXES = (".yaml", ".yml")
_FIRST = "1"

VERSIONED = frozenset({"environment", "data"})
"""The groups whose entries have versions."""


def find_conf(explicit: str | None = None) -> Path | None:
    """The workspace's `conf/config.yaml`.

    It is the explicit one (a file, or the folder that it is in), else the one that
    `FRAMEWORK_CONF` names, else the nearest `conf/config.yaml` from the working directory upwards,
    else `None`.

    Raises:
        ConfigurationError: The one that was named is not there.
    """
    if explicit is not None:
        return _named(explicit, "--conf")
    variable = os.environ.get(VARIABLE)
    if variable:
        return _named(variable, VARIABLE)
    here = Path.cwd()
    candidates = (folder / "conf" / _CONFIG for folder in (here, *here.parents))
    return next((each for each in candidates if _is_file(each)), None)


def _named(text: str, origin: str) -> Path:
    path = Path.cwd() / at_home(text)
    for candidate in (path, path / _CONFIG, path / "conf" / _CONFIG):
        if _is_file(candidate):
            return Path(os.path.abspath(candidate))  # noqa: PTH100 - keeps symbolic links
    what = f"{shown_path(path)!r} is not there"
    if os.path.isdir(path):  # noqa: PTH112 - doesn't raise where a folder above is closed
        what = f"{shown_path(path)!r} has no {_CONFIG}"
    raise ConfigurationError(Problem(key="conf", message=what, source=origin))


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - doesn't raise where a folder above is closed


class Registry:
    """The named files of one workspace.

    Args:
        conf: Its `config.yaml`, or `None` where there is none.
    """

    def __init__(self, conf: Path | None) -> None:
        self._folder = None if conf is None else conf.parent

    def names(self, *group: str) -> list[str]:
        """The names that a group has, sorted."""
        stems = {file.stem for file in self._files(*group)}
        return sorted(stems if group[0] not in VERSIONED else {name_of(stem) for stem in stems})

    def versions(self, name: str, group: str) -> dict[str, Path]:
        """The versions of an environment or of data, each with its file, the newest first.

        Raises:
            ConfigurationError: The newest one's file can't be read.
        """
        newest = self._file(name, group)
        found = {} if newest is None else {version_in(read_yaml(newest), newest): newest}
        older = [path for path in self._files(group) if path.stem.rpartition("@")[0] == name]
        for path in sorted(older, key=_version_order, reverse=True):
            found.setdefault(path.stem.rpartition("@")[2], path)
        return found

    def version_path(self, name: str, version: str | None, group: str, hint: str = "") -> Path:
        """The file of one version; of the newest where `version` is `None`.

        Raises:
            NotFoundError: There is no such name, or it has no such version.
            ConfigurationError: The newest one's file can't be read.
        """
        versions = self.versions(name, group) if name in self.names(group) else {}
        if not versions:
            raise self.not_found(name, group, hint=hint)
        if version is None:
            return next(iter(versions.values()))
        if version not in versions:
            known = f"there is {listed(versions)}"
            raise NotFoundError(f"{group} {name!r} has no version {version!r}{hint}: {known}")
        return versions[version]

    def find(self, name: str, *group: str) -> Path | None:
        """The file of this name in a group, if there is one."""
        return self._file(name, *group)

    def path(self, name: str, *group: str, hint: str = "") -> Path:
        """The file of this name in a group.

        Raises:
            NotFoundError: There is none; the message has the nearest names.
            ConfigurationError: There are two, one of each suffix.
        """
        found = self.find(name, *group)
        if found is None:
            raise self.not_found(name, *group, hint=hint)
        other = found.with_suffix(_SUFFIXES[1])
        if found != other and other in self._files(*group):
            message = f"{found.name} stands beside it, and only one of them can be meant"
            raise ConfigurationError(Problem(key="", message=message, source=shown_path(other)))
        return found

    def not_found(
        self, name: str, *group: str, others: tuple[str, ...] = (), hint: str = ""
    ) -> NotFoundError:
        """What to say about a name that is not there."""
        what = group[0] if len(group) == 1 else f"{group[0]} of endpoint {group[1]!r}"
        said = f"there is no {what} named {name!r}{hint}"
        known = sorted({*self.names(*group), *others})
        match = nearest(name, known)
        if match is not None:
            said += f", did you mean {match!r}?"
        if known:
            return NotFoundError(f"{said} (there is {listed(known)})")
        if self._folder is None:
            return NotFoundError(f"{said}: there is no conf/ here (see 'framework init')")
        return NotFoundError(f"{said}: {shown_path(self._folder.joinpath(*group))} has none")

    def _files(self, *group: str) -> list[Path]:
        if self._folder is None:
            return []
        folder = self._folder.joinpath(*group)
        try:
            return [file for file in folder.iterdir() if file.suffix in _SUFFIXES]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            problem = Problem(key="", message=f"can't be read: {reason}", source=shown_path(folder))
            raise ConfigurationError(problem) from None

    def _file(self, name: str, *group: str) -> Path | None:
        """The file of exactly this name: looked up in the folder's list, so it can't leave it."""
        files = {file.name: file for file in self._files(*group)}
        names = (f"{name}{suffix}" for suffix in _SUFFIXES)
        return next((files[each] for each in names if each in files), None)


def name_of(stem: str) -> str:
    """The name that a versioned file's own name begins with."""
    return stem.rpartition("@")[0] or stem


def version_in(mapping: Mapping[str, Any], path: Path) -> str:
    """The version of an environment's or data's file: its name's, else what it says, else 1."""
    if "@" in path.stem:
        return path.stem.rpartition("@")[2]
    version = mapping.get("version")
    return _FIRST if version is None else str(version)


def _version_order(path: Path) -> tuple[int, int, str]:
    version = path.stem.rpartition("@")[2]
    is_number = version.isdecimal() and version.isascii() and len(version) < 20
    return (1, int(version), "") if is_number else (0, 0, version)
