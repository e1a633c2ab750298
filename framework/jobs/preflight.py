"""Preflight: everything that can be wrong with a job and be known before a cluster is started."""

from __future__ import annotations

import os
import secrets
from itertools import islice
from pathlib import Path
from typing import Any

from framework.engine.contract import Compute
from framework.errors import (
    ConfigurationError,
    InputError,
    Problem,
    StorageError,
    UsageError,
)
from framework.jobs.commit import Target
from framework.jobs.record import OUTPUTS, JobRecord
from framework.jobs.script_check import check_script
from framework.outputs import OutputFormat, choose_format
from framework.plugin.contributions import Contribution
from framework.plugin.plugins import Plugins
from framework.plugin.resolving import check_params, resolve, resolve_all
from framework.scoring.contract import Scorer
from framework.scoring.launch import Launch
from framework.settings import OutputAction, Settings
from framework.storage import Store, open_store
from framework.storage.inputs import InputListing, open_input

SCRIPT = "script"


def make_compute(settings: Settings, plugins: Plugins) -> Compute:
    """The compute, made with its own settings.

    Raises:
        UsageError: It isn't there, or its settings are wrong.
    """
    chosen = settings.compute
    contribution = plugins.find_compute(chosen.type or chosen.name)
    factory = resolve(contribution, Compute)
    _raise_all(check_params(contribution, factory, chosen.params))
    try:
        return factory(**chosen.params)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(Problem(key="compute", message=str(error))) from error


def make_format(settings: Settings, plugins: Plugins) -> OutputFormat:
    """The output format that the settings or the file's name ask for.

    Raises:
        UsageError: There is none.
    """
    registered = resolve_all(plugins.output_formats, OutputFormat)
    return choose_format(registered, file_name=settings.output_file_name, output=settings.output)


def make_target(settings: Settings, record: JobRecord, *, may_exist: bool) -> Target:
    """Where the output goes; checks that it is free, unless it may be the job's own already.

    Raises:
        OutputExistsError: Something stands under the output's name.
        UsageError: The place can't be written.
    """
    chosen = settings.output.path
    store = (
        open_store(chosen, settings.storage_options)
        if chosen
        else record.workspace.at(f"{OUTPUTS}/{record.name}")
    )
    target = Target(store=store, file_name=settings.output_file_name)
    local = store.local_path("")
    if local is not None:
        _check_place(local)
    if not may_exist and settings.output_action == OutputAction.APPEND_ROW:
        target.check_free()
    return target


def _check_place(there: Path) -> None:
    """Makes sure that a folder can be written, or made; leaves no trace."""
    while not os.path.exists(there):  # noqa: PTH110  Path.exists raises below a closed folder
        there = there.parent
    if not there.is_dir():
        raise UsageError(f"output.path: {there} is a file, and a folder is needed")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"output.path: {there} can't be written")


def check_writable(store: Store, key: str) -> None:
    """Makes a folder if it isn't there, and writes in it: what only trying can tell.

    Raises:
        UsageError: It can't be written.
    """
    probe = f".{secrets.token_hex(8)}.probe"
    try:
        store.create(probe, b"")
        store.delete(probe)
    except StorageError as error:
        raise UsageError(f"{key}: {error}") from error
    except OSError as error:
        raise UsageError(f"{key}: {store.url} can't be written: {error.strerror}") from error


def make_launch(
    settings: Settings, plugins: Plugins, output_format: OutputFormat, *, has_snapshot: bool
) -> Launch:
    """How scorer processes are started; the code's snapshot is put in later.

    Args:
        settings: The job's.
        plugins: What is registered.
        output_format: How rows are written.
        has_snapshot: Whether the code was snapshotted already, so that its folder is not needed.

    Raises:
        UsageError: The scorer or the script can't be used.
    """
    contribution = find_scorer(settings, plugins)
    name = contribution.name
    factory = resolve(contribution, Scorer)
    params = dict(settings.scorer.params)
    if name == SCRIPT:
        params |= _script_params(settings, is_checked=not has_snapshot)
    known = {**params, "code": ""} if name == SCRIPT else params
    _raise_all(check_params(contribution, factory, known))
    _check_values(factory, known)
    keeps_rows = settings.output_action == OutputAction.APPEND_ROW
    return Launch(
        factory=contribution.factory,
        params=params,
        environment_variables=settings.environment_variables,
        encoding=output_format.child_encoding if keeps_rows else None,
        reserved=settings.output_file_name,
        logging_level=settings.logging_level,
        timeout_s=settings.retry_settings.timeout,
        init_timeout_s=settings.retry_settings.init_timeout,
    )


def find_scorer(settings: Settings, plugins: Plugins) -> Contribution:
    """What is registered under the scorer's name.

    Raises:
        UsageError: Nothing is, or there is no name.
    """
    name = settings.scorer.name
    if name is None:
        raise ConfigurationError(
            Problem(key="scorer.name", message="is missing, and there is no scoring script")
        )
    return plugins.find_scorer(name)


def check_code(settings: Settings) -> None:
    """Makes sure that the scoring script, as it is now, can be run.

    Raises:
        UsageError: It can't.
    """
    _script_params(settings, is_checked=True)


def _script_params(settings: Settings, *, is_checked: bool) -> dict[str, Any]:
    code, script = settings.code_configuration.code, settings.code_configuration.scoring_script
    if code is None or script is None:
        raise ConfigurationError(
            Problem(key="code_configuration.scoring_script", message="is missing")
        )
    if is_checked:
        check_script(Path(code), script)
    return {"scoring_script": script}


def open_listing(settings: Settings) -> InputListing:
    """The input, with at least one file in it.

    Raises:
        InputError: There is nothing to score, or it can't be read.
    """
    if not settings.input:
        raise ConfigurationError(Problem(key="input", message="is missing: what shall be scored?"))
    listing = open_input(
        settings.input,
        include=settings.input_include,
        exclude=settings.input_exclude,
        leave_out=[path for path in (settings.workspace, settings.output.path) if path],
        expected=settings.input_type.value if settings.input_type else None,
        options=settings.storage_options,
    )
    output = settings.output.path
    if output and any(
        os.path.realpath(output) == os.path.realpath(each) for each in settings.input
    ):
        listing.warnings.append(
            "output.path is the input's own folder: outputs of other jobs in it are scored as well"
        )
    return listing


def check_input(listing: InputListing, look_ahead: int) -> None:
    """Looks at the first files of an input, so that what is wrong with it is known early.

    Raises:
        InputError: There is nothing to score, or it can't be read.
    """
    first = list(islice(listing.files(), look_ahead))
    if not first:
        raise InputError(f"input: {listing.explain_empty()}")


def _check_values(factory: type[Scorer], params: dict[str, Any]) -> None:
    """Makes the scorer once: constructors are cheap, and know which values they take."""
    try:
        factory(**params)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(Problem(key="scorer.params", message=str(error))) from error


def _raise_all(problems: tuple[Problem, ...]) -> None:
    if problems:
        raise ConfigurationError(*problems)
