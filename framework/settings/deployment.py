"""The groups of settings that a deployment has.

A field's metadata says what its type can't: `minimum` (at least), `above` (more than), `unit`
(`bytes`: texts such as `4GiB` are read too; `seconds`: ISO 8601 durations such as `PT30S`) and
`is_path` (a relative path is relative to the file that it is written in).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal


class OutputAction(StrEnum):
    """What happens to the rows that a scorer returns."""

    APPEND_ROW = "append_row"
    SUMMARY_ONLY = "summary_only"


@dataclass(frozen=True, kw_only=True)
class Model:
    """The model of a deployment.

    Attributes:
        name: Its name in the registry, or a whole `azureml:name:version` reference.
        path: A file or a folder.
        type: `custom_model` or `mlflow_model`.
        version: Its version in the registry.
    """

    name: str | None = None
    path: str | None = field(default=None, metadata={"is_path": True})
    type: Literal["custom_model", "mlflow_model"] = "custom_model"
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class ScorerChoice:
    """Which scorer a deployment uses.

    Attributes:
        name: As registered by a plugin; inferred where absent.
        params: Passed to the scorer as keyword arguments.
    """

    name: str | None = None
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CodeConfiguration:
    """A user's scoring script.

    Attributes:
        code: The folder that is first on `sys.path`.
        scoring_script: The script's path below it.
    """

    code: str | None = field(default=None, metadata={"is_path": True})
    scoring_script: str | None = None


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The Python environment that scorer processes run in.

    Attributes:
        name: Its name in the registry, or `current` for this interpreter.
        version: Its version in the registry.
        image: A container image; kept for computes that run containers.
        conda_file: A conda file's path, or what stands in one.
        requirements: The path of a list of requirements for pip, or its lines.
    """

    name: str | None = None
    version: str | None = None
    image: str | None = None
    conda_file: str | dict[str, Any] | None = field(default=None, metadata={"is_path": True})
    requirements: str | tuple[str, ...] | None = field(default=None, metadata={"is_path": True})


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What serves a job.

    Attributes:
        instance_count: Instances (Dask workers) per job.
        memory_limit: Bytes that one scorer process may hold, with all that it has started.
    """

    instance_count: int = field(default=1, metadata={"minimum": 1})
    memory_limit: int | None = field(default=None, metadata={"minimum": 1, "unit": "bytes"})


@dataclass(frozen=True, kw_only=True)
class RetrySettings:
    """How failing mini-batches are tried again.

    Attributes:
        max_retries: Most tries of a failing mini-batch in all.
        timeout: Seconds for one scoring call.
        init_timeout: Seconds for loading the model.
        isolate_failures: Whether a failing mini-batch is split until only the bad files fail.
        isolate_short_results: Whether the files of a result that is too short, and does not say
            which of them it lacks, are scored singly.
        isolation_budget: Seconds of scoring that isolating may cost in the whole job.
    """

    max_retries: int = field(default=3, metadata={"minimum": 0})
    timeout: float = field(default=30.0, metadata={"above": 0, "unit": "seconds"})
    init_timeout: float = field(default=600.0, metadata={"above": 0, "unit": "seconds"})
    isolate_failures: bool = True
    isolate_short_results: bool = False
    isolation_budget: float = field(default=3600.0, metadata={"minimum": 0, "unit": "seconds"})
