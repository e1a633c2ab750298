"""The composed settings of one job: one flat mapping, the deployment's settings at its root."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from framework.settings.deployment import (
    CodeConfiguration,
    Environment,
    Model,
    OutputAction,
    Resources,
    RetrySettings,
    ScorerChoice,
)


class InputType(StrEnum):
    """What `input` points at."""

    URI_FOLDER = "uri_folder"
    URI_FILE = "uri_file"


class LoggingLevel(StrEnum):
    """The least severe message that a scorer process logs."""

    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"


@dataclass(frozen=True, kw_only=True)
class Output:
    """Where the output goes and what it looks like.

    Attributes:
        path: A folder; the workspace's `outputs/<job>/` where absent.
        format: A registered output format; else the ending of `output_file_name` picks it.
        header: Whether a table of text begins with its columns' names.
        separator: Between the columns of a table of text; the format's own where absent.
        style: `azureml` for Azure ML's exact bytes: no header, separated by spaces.
    """

    path: str | None = field(default=None, metadata={"is_path": True})
    format: str | None = None
    header: bool = True
    separator: str | None = None
    style: Literal["azureml"] | None = None


@dataclass(frozen=True, kw_only=True)
class Compute:
    """A named description of a Dask cluster.

    Attributes:
        name: A file in `conf/compute/`, or a registered type by itself.
        type: A registered compute; the name where absent.
        wait_timeout: Seconds to wait for the first instance.
        min_instances: Least instances of one job, kept until its end, idle or not.
        max_instances: Most instances of one job, whatever `resources.instance_count` asks for.
        idle_time_before_scale_down: Seconds that an instance is kept in the end which has no work
            any more.
        allow_plaintext_secrets: Whether secrets may be sent to a scheduler elsewhere without TLS.
        params: What the registered compute takes, as keyword arguments.
    """

    name: str = "local"
    type: str | None = None
    wait_timeout: float = field(default=300.0, metadata={"above": 0, "unit": "seconds"})
    min_instances: int = field(default=0, metadata={"minimum": 0})
    max_instances: int | None = field(default=None, metadata={"minimum": 1})
    idle_time_before_scale_down: float = field(
        default=120.0, metadata={"minimum": 0, "unit": "seconds"}
    )
    allow_plaintext_secrets: bool = False
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that says how one job is done.

    Attributes:
        endpoint: The endpoint's name; `None` for an ad-hoc deployment.
        deployment: The deployment's name; `None` for an ad-hoc one.
        name: The job's name; a fresh id where absent.
        input: One or more folders, files, globs or `@lists`.
        input_type: What each item of the input that is no glob and no list has to be.
        workspace: The folder with job records and default outputs.
        default_datastore: The datastore that stands in for Azure ML's own default one.
        uploads: The folder that inputs and models are uploaded to which instances can't see; the
            root of the default datastore where absent.
        default_compute: The compute of deployments that name none.
        index_url: The job index's database; SQLite in the workspace where absent.
        storage_options: By URL, what fsspec needs to open what is there or below. Datastores fill
            it in; secrets are references.
        plugins: Modules to load as plugins beside those that are installed.
        plugins_disabled: Installed plugins that are not to be loaded.
        mini_batch_size: Most files in one scoring call.
        mini_batch_bytes: Bytes at which a mini-batch is closed early.
        retry_errors: The job whose failed inputs are to be scored.
        error_threshold: Failed files tolerated in the whole job, as a number or a share such as
            `5%`; -1 for any number.
        keep_alive: Seconds that loaded scorer processes wait for a next job.
    """

    endpoint: str | None = None
    deployment: str | None = None
    name: str | None = None
    tags: dict[str, str] = field(default_factory=dict)

    input: tuple[str, ...] = field(default=(), metadata={"is_path": True})
    input_type: InputType | None = None
    input_include: tuple[str, ...] = ()
    input_exclude: tuple[str, ...] = ()
    retry_errors: str | None = None

    workspace: str = field(default=".framework", metadata={"is_path": True})
    default_datastore: str | None = None
    uploads: str | None = field(default=None, metadata={"is_path": True})
    default_compute: str | None = None
    index_url: str | None = None
    storage_options: dict[str, Any] = field(default_factory=dict, repr=False)
    plugins: tuple[str, ...] = ()
    plugins_disabled: tuple[str, ...] = ()
    compute: Compute = field(default_factory=Compute)

    model: Model = field(default_factory=Model)
    scorer: ScorerChoice = field(default_factory=ScorerChoice)
    code_configuration: CodeConfiguration = field(default_factory=CodeConfiguration)
    environment: Environment = field(default_factory=Environment)
    environment_variables: dict[str, str] = field(default_factory=dict)
    resources: Resources = field(default_factory=Resources)
    max_concurrency_per_instance: int = field(default=1, metadata={"minimum": 1})
    mini_batch_size: int = field(default=10, metadata={"minimum": 1})
    mini_batch_bytes: int | None = field(default=None, metadata={"minimum": 1, "unit": "bytes"})
    output_action: OutputAction = OutputAction.APPEND_ROW
    output_file_name: str = "predictions.csv"
    output: Output = field(default_factory=Output)
    retry_settings: RetrySettings = field(default_factory=RetrySettings)
    error_threshold: int | str = field(default=-1, metadata={"unit": "files"})
    keep_alive: float = field(default=0.0, metadata={"minimum": 0})
    logging_level: LoggingLevel = LoggingLevel.INFO
