"""What must hold between settings, and what follows from them."""

from __future__ import annotations

from typing import Any

from framework.config.changes import BUILT_IN, DEFAULT
from framework.config.documents import is_secret, leaves
from framework.config.resolving import Resolved
from framework.config.schema import dotted
from framework.domain.job_names import is_job_name, why_no_job_name
from framework.errors import FrameworkError

_LONGEST_FILE_NAME = 255
_INPUT = ("input",)
_SCORER = ("scorer", "name")
_SCRIPT = ("code_configuration", "scoring_script")
_TRIES = ("retry_settings", "max_retries")
_INSTANCES = ("resources", "instance_count")
_MOST_INSTANCES = ("compute", "max_instances")
_LEAST_INSTANCES = ("compute", "min_instances")
_IMAGE = ("environment", "image")
_PARTS_OF_ENVIRONMENT = (("environment", "conda_file"), ("environment", "requirements"))
_WITHOUT_EFFECT = {
    ("keep_alive",): "scorer processes end with their job",
}


def follow(resolved: Resolved) -> list[str]:
    """Fills in what follows from other settings; returns what people should be told of it."""
    notices = []
    values = resolved.values
    if _SCORER in values and values[_SCORER] is None:
        name = _inferred_scorer(resolved)
        resolved.set(_SCORER, name, resolved.sources.get(_SCRIPT, BUILT_IN) if name else BUILT_IN)
    if values.get(_TRIES) == 0:
        resolved.set(_TRIES, 1, resolved.sources[_TRIES])
        notices.append("retry_settings.max_retries: 0 means one try, as 1 does")
    notices += _scaling(resolved)
    for key, instead in _WITHOUT_EFFECT.items():
        if values.get(key):
            notices.append(f"{dotted(key)} has no effect: {instead}")
    if values.get(_IMAGE):
        notices.append(f"{dotted(_IMAGE)} has no effect: scorers run in {_where(values)}")
    return [*notices, *_plain_secrets(resolved)]


def _where(values: dict[tuple[str, ...], Any]) -> str:
    """Where scorers run, in words."""
    parts = [key for key in _PARTS_OF_ENVIRONMENT if values.get(key)]
    if parts:
        return f"an environment built of {' and '.join(map(dotted, parts))}"
    return "this interpreter"


def check(resolved: Resolved, *, is_complete: bool) -> None:
    """Notes what is wrong or missing.

    Args:
        resolved: All values; problems are added to it.
        is_complete: Whether what a job can't do without must be there.
    """
    _check_names(resolved)
    if is_complete:
        _check_missing(resolved)


def _inferred_scorer(resolved: Resolved) -> str | None:
    if resolved.values.get(_SCRIPT):
        return "script"
    return "mlflow" if _model_type(resolved) == "mlflow_model" else None


def _model_type(resolved: Resolved) -> str | None:
    """The type of the model: as the registry says, where it is a registered one."""
    values = resolved.values
    written: str | None = values.get(("model", "type"))
    name, workspace = values.get(("model", "name")), resolved.values.get(("workspace",))
    if name is None or workspace is None or values.get(("model", "path")) is not None:
        return written
    from framework.models import ModelRegistry, parse_reference
    from framework.storage import open_store

    try:
        reference = parse_reference(name, values.get(("model", "version")))
        return ModelRegistry(open_store(workspace, resolved.storage_options())).get(reference).type
    except FrameworkError:
        return written  # preflight says what is wrong with it


def _scaling(resolved: Resolved) -> list[str]:
    """Keeps a job within its compute's bounds."""
    notices = []
    values = resolved.values
    asked, most = values.get(_INSTANCES), values.get(_MOST_INSTANCES)
    least = values.get(_LEAST_INSTANCES)
    if asked is not None and most is not None and asked > most:
        resolved.set(_INSTANCES, most, resolved.sources[_MOST_INSTANCES])
        notices.append(
            f"resources.instance_count: {asked} is more than compute.max_instances, "
            f"so the job has {most}"
        )
    if least is not None and most is not None and least > most:
        message = f"must be at most compute.max_instances, {most}, is {least}"
        resolved.complain(_LEAST_INSTANCES, message)
    elif asked is not None and least is not None and asked < least:
        if resolved.sources[_INSTANCES].layer != DEFAULT:
            notices.append(
                f"resources.instance_count: {asked} is less than compute.min_instances, "
                f"so the job has {least}"
            )
        resolved.set(_INSTANCES, least, resolved.sources[_LEAST_INSTANCES])
    return notices


def _plain_secrets(resolved: Resolved) -> list[str]:
    return [
        f"{dotted(key)} looks like a secret and is stored as it is: write ${{oc.env:NAME}} instead"
        for key, value in leaves(resolved.document)
        if is_secret(key, value)
    ]


def _check_names(resolved: Resolved) -> None:
    name = resolved.values.get(("name",))
    if name is not None and not is_job_name(name):
        resolved.complain(("name",), why_no_job_name(name))
    file_name = resolved.values.get(("output_file_name",))
    if file_name is not None and not _is_bare(file_name):
        message = f"must be a bare file name, is {_short(file_name)}"
        if "/" in file_name:
            message += ": give the folder as output.path=..."
        resolved.complain(("output_file_name",), message)
    for key in [each for each in resolved.values if each[0] == "environment_variables"]:
        if not key[1] or "=" in key[1] or "\0" in key[1]:
            resolved.complain(key, "is no name for an environment variable")


def _is_bare(name: str) -> bool:
    is_short = len(name.encode("utf-8", "surrogateescape")) <= _LONGEST_FILE_NAME
    is_hidden = name.startswith(".")
    is_line = name.isprintable() and name == name.strip()
    return bool(name) and is_short and not is_hidden and is_line and "/" not in name


def _check_missing(resolved: Resolved) -> None:
    if _INPUT in resolved.values and not any(resolved.values[_INPUT]):
        resolved.complain(
            _INPUT, "nothing to score: give input=FOLDER, a file, a glob or @list.txt"
        )
    if _SCORER in resolved.values and resolved.values[_SCORER] is None:
        message = (
            "nothing to score with: give endpoint=NAME, "
            "code_configuration.scoring_script=FILE or scorer.name=NAME"
        )
        resolved.complain(("scorer",), message)


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
