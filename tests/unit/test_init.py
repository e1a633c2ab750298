from __future__ import annotations

import subprocess
import sys

import pytest

import framework

EXPORTED = """
    AccountingError Compute ConfigurationError EnvironmentBuildError
    ErrorThresholdExceededError FrameworkError
    InputError Job JobCanceledError JobError MissingExtraError ModelError NoInstancesError
    NotFoundError NothingSucceededError OutputExistsError OutputFormat PluginError Problem Results
    Scorer ScorerInitError ScoringContext ScriptError StorageError StoreUnavailableError
    SupersededError UsageError
    __version__ hookimpl invoke
""".split()


def test_exactly_these_names_are_public() -> None:
    assert sorted(framework.__all__) == sorted(EXPORTED)


@pytest.mark.parametrize("name", EXPORTED)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(framework, name) is not None
    assert name in dir(framework)


def test_every_error_is_public() -> None:
    from framework import errors

    ours = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.FrameworkError)
    }
    assert ours <= set(framework.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'no_such_name'"):
        framework.no_such_name  # noqa: B018


def test_importing_it_imports_nothing_of_weight() -> None:
    code = "import sys, framework; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    heavy = {"pluggy", "dask", "pandas", "numpy", "pyarrow", "omegaconf", "click", "rich", "fsspec"}
    assert not loaded & heavy
    assert [name for name in loaded if name.startswith("framework.")] == []
