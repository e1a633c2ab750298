"""The registry: the files under `conf/`, found by their names."""

from __future__ import annotations

import os
from pathlib import Path

from framework.config.paths import at_home
from framework.config.yaml_files import shown_path
from framework.domain.suggestions import listed, nearest
from framework.errors import ConfigurationError, NotFoundError, Problem

VARIABLE = "FRAMEWORK_CONF"
_CONFIG = "config.yaml"
_SUFFIXES = (".yaml", ".yml")


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
        if self._folder is None:
            return []
        folder = self._folder.joinpath(*group)
        try:
            files = list(folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            problem = Problem(key="", message=f"can't be read: {reason}", source=shown_path(folder))
            raise ConfigurationError(problem) from None
        return sorted({file.stem for file in files if file.suffix in _SUFFIXES})

    def find(self, name: str, *group: str) -> Path | None:
        """The file of this name in a group, if there is one."""
        if self._folder is None or name not in self.names(*group):
            return None
        folder = self._folder.joinpath(*group)
        paths = (folder / f"{name}{suffix}" for suffix in _SUFFIXES)
        return next(path for path in paths if path.exists())

    def path(self, name: str, *group: str, hint: str = "") -> Path:
        """The file of this name in a group.

        Raises:
            NotFoundError: There is none; the message has the nearest names.
        """
        found = self.find(name, *group)
        if found is None:
            raise self.not_found(name, *group, hint=hint)
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
