"""From what an environment is to how it is made here: by which Python and which tool."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from framework.domain.suggestions import listed
from framework.environments.cache import Built, Place
from framework.environments.conda_specs import without_patch
from framework.environments.contents import fingerprint_of
from framework.environments.interpreters import (
    OLDEST,
    Interpreter,
    find_interpreter,
    fits,
    installed,
)
from framework.environments.packages import Package
from framework.environments.spec import EnvironmentSpec
from framework.environments.tools import conda_tool, uv_tool
from framework.errors import ConfigurationError, PluginError, Problem

KEY = "environment"
WAY_OUT = "or run the scorer in this interpreter: environment=current"
_LAYOUT = 1
_KEY_LENGTH = 20
_NEWEST_MINOR = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEnvironment:
    """An environment that can be built here, or is.

    Attributes:
        spec: What it is made of.
        packages: What is installed beside what was asked for.
        interpreter: The Python that it is made with; `None` where conda brings one.
        conda: The conda tool that makes it; `None` for a plain virtual environment.
        uv: uv, where that makes it; `None` for pip.
    """

    spec: EnvironmentSpec
    packages: tuple[Package, ...] = ()
    interpreter: Interpreter | None = None
    conda: str | None = None
    uv: str | None = None

    @property
    def key(self) -> str:
        """Its name in the cache: the same only for what is built alike."""
        made_with = self.interpreter
        parts = {
            "layout": _LAYOUT,
            "spec": self.spec.fingerprint,
            "platform": [sys.platform, platform.machine(), *platform.libc_ver()],
            "python": [os.path.realpath(made_with.path), made_with.version] if made_with else [],
            "conda": self.conda is not None,
            "packages": [
                [each.name, each.version, each.requirement, each.fingerprint, each.metadata]
                for each in self.packages
            ],
        }
        text = json.dumps(parts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_KEY_LENGTH]

    @property
    def built(self) -> Built | None:
        """The environment, where it is built already."""
        return Place(self.key).built()

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know of it."""
        made_with, wanted = self.interpreter, self.spec.python
        if made_with is None or not wanted or fits(made_with.version, wanted):
            return self.spec.notes
        asked = shown_python(wanted)
        return (f"Python {made_with.version} stands in for {asked}", *self.spec.notes)

    @property
    def summary(self) -> str:
        """In a few words: what makes it, and with which Python."""
        tool = Path(self.conda or self.uv or "pip").name
        made_with = self.interpreter
        return f"{tool}, Python {made_with.version}" if made_with else tool

    def check_local(self) -> None:
        """Makes sure that local files and folders are as they were when the job was created.

        Raises:
            ConfigurationError: One has changed, or is gone.
        """
        for path, fingerprint in self.spec.local:
            try:
                is_same = fingerprint_of(Path(path)) == fingerprint
            except ValueError as error:
                raise _wrong(self.spec, f"{path} {error}") from None
            if not is_same:
                raise _wrong(self.spec, f"{path} has changed since the job was created")


def plan_environment(spec: EnvironmentSpec, packages: Sequence[Package] = ()) -> PlannedEnvironment:
    """Finds what makes an environment on this machine.

    Raises:
        ConfigurationError: Nothing here can make it; says what is missing.
        PluginError: A plugin's package does not run on its Python.
    """
    conda = conda_tool() if spec.conda else None
    if spec.conda and conda is None:
        raise _wrong(
            spec,
            f"conda packages ({listed(spec.conda)}) need micromamba, mamba or conda, and none is "
            f"here: name their packages below pip instead, {WAY_OUT}",
        )
    if not _is_possible(spec.python):
        raise _wrong(
            spec, f"python {shown_python(spec.python)} is too old: scorer processes need {OLDEST}"
        )
    uv = None if conda else uv_tool(spec)
    interpreter = None if conda else find_interpreter(spec.python, needs_venv=uv is None)
    if interpreter is None and conda is None:
        conda, uv = conda_tool(), None
        if conda is None:
            raise _wrong(spec, _no_python(spec.python))
    planned = PlannedEnvironment(
        spec=spec, packages=tuple(packages), interpreter=interpreter, conda=conda, uv=uv
    )
    _check_packages(planned)
    return planned


def shown_python(versions: str) -> str:
    """Versions of Python as people write them: `3.8.5`, `>=3.8,<3.11`."""
    return versions.replace(".*", "").replace("==", "") or "3"


def _is_possible(constraint: str) -> bool:
    """Whether a constraint admits any Python that scorer processes run on."""
    relaxed = without_patch(constraint)
    minors = range(OLDEST.minor, _NEWEST_MINOR)
    return any(fits(f"3.{minor}.{patch}", relaxed) for minor in minors for patch in (0, 5, 99))


def _no_python(constraint: str) -> str:
    there = installed()
    fitting = [each.version for each in there if fits(each.version, without_patch(constraint))]
    if fitting:
        return (
            f"python {fitting[0]} can't make virtual environments: it lacks venv or ensurepip "
            f"(Debian: apt install python{'.'.join(fitting[0].split('.')[:2])}-venv); install "
            f"that or uv, {WAY_OUT}"
        )
    known = ", ".join(each.version for each in there)
    return (
        f"python {shown_python(constraint)} is not on this machine (there is {known}): install it, "
        f"ask for one that is there, {WAY_OUT}"
    )


def _check_packages(planned: PlannedEnvironment) -> None:
    made_with = planned.interpreter
    for package in planned.packages:
        needs = package.requires_python
        if made_with is not None and needs and not fits(made_with.version, needs):
            raise PluginError(
                f"{package.name} needs Python {needs}, and the environment of "
                f"{planned.spec.source} has {made_with.version}: ask for another, {WAY_OUT}"
            )


def _wrong(spec: EnvironmentSpec, message: str) -> ConfigurationError:
    return ConfigurationError(Problem(key=KEY, message=message, source=spec.source))
