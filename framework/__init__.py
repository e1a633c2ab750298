"""Batch endpoints on Dask: score any folder of files with any model, into one correct output.

This is the public interface. Every name is imported when it is first used, so that
`import framework` costs nothing in a scorer process or a shell's completion.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.api import invoke
    from framework.engine.contract import Compute
    from framework.errors import (
        AccountingError,
        ConfigurationError,
        EnvironmentBuildError,
        ErrorThresholdExceededError,
        FrameworkError,
        InputError,
        JobCanceledError,
        JobError,
        MissingExtraError,
        ModelError,
        NoInstancesError,
        NotFoundError,
        NothingSucceededError,
        OutputExistsError,
        PluginError,
        Problem,
        ScorerInitError,
        ScriptError,
        StorageError,
        StoreUnavailableError,
        SupersededError,
        UsageError,
    )
    from framework.jobs import Job
    from framework.outputs.contract import OutputFormat
    from framework.plugin.spec import hookimpl
    from framework.scoring.contract import Results, Scorer, ScoringContext

    __version__: str

__all__ = [
    "AccountingError",
    "Compute",
    "ConfigurationError",
    "EnvironmentBuildError",
    "ErrorThresholdExceededError",
    "FrameworkError",
    "InputError",
    "Job",
    "JobCanceledError",
    "JobError",
    "MissingExtraError",
    "ModelError",
    "NoInstancesError",
    "NotFoundError",
    "NothingSucceededError",
    "OutputExistsError",
    "OutputFormat",
    "PluginError",
    "Problem",
    "Results",
    "Scorer",
    "ScorerInitError",
    "ScoringContext",
    "ScriptError",
    "StorageError",
    "StoreUnavailableError",
    "SupersededError",
    "UsageError",
    "__version__",
    "hookimpl",
    "invoke",
]

_DISTRIBUTION = "dask-batch-endpoints"
_ERRORS = "framework.errors"
_HOMES = {
    "Compute": "framework.engine.contract",
    "Job": "framework.jobs",
    "OutputFormat": "framework.outputs.contract",
    "Problem": _ERRORS,
    "Results": "framework.scoring.contract",
    "Scorer": "framework.scoring.contract",
    "ScoringContext": "framework.scoring.contract",
    "hookimpl": "framework.plugin.spec",
    "invoke": "framework.api",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        return _version()
    home = _HOMES.get(name) or (_ERRORS if name in __all__ else None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib.metadata import version  # takes as long as all else here together

    return version(_DISTRIBUTION)
