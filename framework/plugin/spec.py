"""The hooks that a plugin may implement.

Our own scorer, compute and output formats come in through the same hooks as a stranger's
(`framework/plugin/builtin.py`). A plugin is a module with functions marked `@hookimpl`, named in
the entry-point group `dask_batch_endpoints.plugins`.
"""

from __future__ import annotations

from typing import Protocol

import pluggy

PROJECT = "dask_batch_endpoints"
ENTRY_POINT_GROUP = f"{PROJECT}.plugins"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Register(Protocol):
    """Adds one contribution under a name that is unique among its kind."""

    def __call__(self, name: str, factory: str | type, *, summary: str = "") -> None:
        """Registers `factory`: a class, or `"package.module:Class"`, imported when it is used."""


@hookspec
def register_scorers(register: Register) -> None:
    """Contributes scorers: subclasses of `framework.Scorer`.

    Called once in the driver, before a job is planned. All plugins' scorers are kept together; a
    name that is taken already is an error that names both plugins. The class is made in each
    scorer process, as `factory(**scorer.params)`.

    Example:
        @hookimpl
        def register_scorers(register):
            register("line-count", "my_package.scorer:LineCount", summary="counts lines")
    """


@hookspec
def register_computes(register: Register) -> None:
    """Contributes computes: subclasses of `framework.Compute`.

    Called once in the driver. The class is made as `factory(**compute.params)`.

    Example:
        @hookimpl
        def register_computes(register):
            register("our-grid", "my_package.grid:GridCompute", summary="the third floor")
    """


@hookspec
def register_output_formats(register: Register) -> None:
    """Contributes output formats: subclasses of `framework.OutputFormat`.

    Called once in the driver. An output's file name picks the format by its ending (the class's
    `suffixes`), `output.format` by its name.

    Example:
        @hookimpl
        def register_output_formats(register):
            register("avro", "my_package.avro:AvroFormat", summary="one Avro file")
    """


@hookspec
def on_job_status(job: str, status: str) -> None:
    """Observes that a job has taken a new status.

    Called in the driver, after the status is durable. An exception here is logged, and harms
    nothing.

    Example:
        @hookimpl
        def on_job_status(job, status):
            requests.post(PAGER, json={"job": job, "status": status})
    """
