"""Building environments: once for all jobs that want the same, and never by halves."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from framework.environments import tools
from framework.environments.cache import VARIABLE, Built, Place, cache_folder
from framework.environments.conda_output import conda_document
from framework.environments.planning import PlannedEnvironment
from framework.environments.running import ToolFailedError, ToolRunner
from framework.errors import EnvironmentBuildError

_WAITING = "another job builds it; waiting for that"


@contextlib.contextmanager
def environment_in_use(planned: PlannedEnvironment, runner: ToolRunner) -> Iterator[Built]:
    """An environment, built first where it is not there, and kept from being removed meanwhile.

    Args:
        planned: Which.
        runner: Runs the tools; `runner.cancel()` stops the build at once, from any thread.

    Raises:
        EnvironmentBuildError: It can't be built; says what the tool said last.
        ConfigurationError: A local path that it needs has changed.
        CanceledError: The build was canceled.
    """
    place = Place(planned.key)
    try:
        while True:
            if place.built() is None and place.folder.exists() and place.is_used():
                runner.tell(_WAITING)
            with place.held(alone=False, canceled=runner.canceled) as is_held:
                runner.check()
                built = place.built() if is_held else None
                if built is not None:
                    yield built
                    return
            with place.held(alone=True, canceled=runner.canceled):
                runner.check()
                if place.built() is None:
                    _build(planned, place, runner)
    except OSError as error:
        if error.filename is None or not _is_ours(str(error.filename)):
            raise
        raise _unusable(error, cache_folder()) from error


def _is_ours(path: str) -> bool:
    return os.path.commonpath([os.path.abspath(path), cache_folder()]) == str(cache_folder())  # noqa: PTH100


def _build(planned: PlannedEnvironment, place: Place, runner: ToolRunner) -> None:
    planned.check_local()
    try:
        attempt = place.attempt()
        attempt.mkdir()
        place.accept(
            _Build(planned, attempt, runner).run(),
            {
                "python": planned.interpreter.version if planned.interpreter else "",
                "source": planned.spec.source,
                "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "spec": planned.spec.to_document(),
            },
        )
    except ToolFailedError as error:
        raise _failed(planned, error) from error
    except OSError as error:
        raise _unusable(error, place.folder) from error
    finally:
        if place.built() is None:
            place.clear()
    if place.built() is None:
        raise EnvironmentBuildError(
            f"the environment of {planned.spec.source} was built ({planned.summary}), and has no "
            "Python that can be started"
        )


def _unusable(error: OSError, folder: Path) -> EnvironmentBuildError:
    reason = (error.strerror or type(error).__name__).lower()
    where = error.filename or folder
    return EnvironmentBuildError(
        f"the cache of environments: {where}: {reason} ({VARIABLE} names another)"
    )


def _failed(planned: PlannedEnvironment, error: ToolFailedError) -> EnvironmentBuildError:
    told = [line for line in error.lines if line.lower().startswith("error")]
    said = f": {(told or list(error.lines))[-1].strip()}" if error.lines else ""
    return EnvironmentBuildError(
        f"the environment of {planned.spec.source} could not be built ({planned.summary}): "
        f"{error.ending}{said}",
        user_traceback="\n".join(error.lines) or None,
    )


class _Build:
    """One attempt.

    Args:
        planned: What to build.
        folder: Where: the environment itself is `env` in it.
        runner: Runs the tools.
    """

    def __init__(self, planned: PlannedEnvironment, folder: Path, runner: ToolRunner) -> None:
        self._planned = planned
        self._spec = planned.spec
        self._folder = folder
        self._runner = runner
        self._environment = folder / "env"
        self._python = self._environment / "bin" / "python"

    def run(self) -> Path:
        """Makes the environment, installs what belongs there, and says where it is."""
        self._create()
        if self._spec.seeds and self._planned.conda is None:
            self._install(list(self._spec.seeds))
        wanted = self._wanted()
        if wanted:
            self._install(wanted)
        return self._environment

    def _create(self) -> None:
        planned = self._planned
        if planned.conda is not None:
            file = self._folder / "environment.yml"
            file.write_text(conda_document(self._spec), encoding="utf-8")
            self._run(tools.create_by_conda(planned.conda, file, self._environment))
        elif planned.interpreter is None:
            raise AssertionError("an environment needs a Python or conda")
        elif planned.uv is not None:
            path = planned.interpreter.path
            self._run(tools.create_by_uv(planned.uv, path, self._environment))
        else:
            self._run(tools.create_by_venv(planned.interpreter.path, self._environment))

    def _wanted(self) -> list[str]:
        wheels = [package.place_in(self._folder) for package in self._planned.packages]
        arguments = [*wheels]
        if self._spec.requirements:
            arguments = ["-r", self._write("requirements.txt", self._spec.requirements), *wheels]
        limits = (*self._spec.constraints, *self._spec.seeds)
        if arguments and limits:
            arguments += ["-c", self._write("constraints.txt", limits)]
        return arguments

    def _write(self, name: str, lines: tuple[str, ...]) -> str:
        path = self._folder / name
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return str(path)

    def _install(self, arguments: list[str]) -> None:
        if self._planned.uv is not None:
            self._run(tools.install_by_uv(self._planned.uv, self._python, arguments))
        else:
            self._run(tools.install_by_pip(self._python, arguments))

    def _run(self, argv: list[str]) -> None:
        environ = tools.build_environment(os.environ)
        self._runner.run(argv, environ=environ, cwd=self._folder)
