"""What a driver needs to run a job, whether it is new or resumed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from framework.engine.contract import Compute
from framework.engine.sealed import Sealed, seal
from framework.engine.work import PoolSpec
from framework.environments import PlannedEnvironment
from framework.jobs.chosen_model import ChosenModel
from framework.jobs.commit import Target
from framework.jobs.places import Places
from framework.jobs.record import JobRecord
from framework.outputs.contract import OutputFormat
from framework.plugin.plugins import Plugins
from framework.scoring.launch import Launch
from framework.settings import OutputAction, Settings
from framework.storage import Options
from framework.storage.inputs import InputListing


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """Everything that a driver works with.

    Attributes:
        record: Where the job is written down.
        settings: Its composed settings.
        document: The same as plain values, secrets as references: what is stored and shown.
        plugins: What is registered.
        compute: How its cluster comes to be.
        output_format: How its output is written.
        target: Where the output goes, and what scripts write beside it.
        launch: How its scorer processes are started.
        listing: How its inputs are found.
        identity: What never changes about it.
        environment: What its scorer processes run in; `None` for the instances' own interpreter.
        model_options: What opens its model's store.
        moved: Where instances find its things, where that is not where they lie.
        sends_values: Whether the values of environment variables that settings refer to travel.
    """

    record: JobRecord
    settings: Settings
    document: Mapping[str, Any]
    plugins: Plugins
    compute: Compute
    output_format: OutputFormat
    target: Target
    launch: Launch
    listing: InputListing
    identity: Mapping[str, Any]
    environment: PlannedEnvironment | None = None
    model_options: Options = field(default_factory=dict, repr=False)
    moved: Places | None = None
    sends_values: bool = True

    @property
    def places(self) -> Places:
        """Where instances find what the job needs."""
        if self.moved is not None:
            return self.moved
        return Places(
            input_root=self.listing.root,
            staging=self.record.staging.url,
            logs=self.record.url("logs"),
            code=self.launch.code,
            model=self.launch.model,
        )

    def pool(self, epoch: int) -> PoolSpec:
        """The pool of scorer processes that a driver wants on each instance."""
        settings, places = self.settings, self.places
        return PoolSpec(
            # Another workspace may have a job of the same name on the same cluster.
            key=f"{self.record.name}-{epoch}-{secrets.token_hex(4)}",
            launch=replace(self.launch, code=places.code, model=places.model),
            processes=settings.max_concurrency_per_instance,
            input_root=places.input_root,
            storage_options=self.sent_options,
            staging=places.staging,
            logs=places.logs,
            max_tries=settings.retry_settings.max_retries,
            isolates=settings.retry_settings.isolate_failures,
            isolates_short=settings.retry_settings.isolate_short_results,
            isolation_budget_s=settings.retry_settings.isolation_budget,
            memory_limit=settings.resources.memory_limit,
            output_format=self.output_format if self.keeps_rows else None,
        )

    def with_code(self, archive: str, identity: Mapping[str, Any]) -> JobPlan:
        """The same, with the code's snapshot in the workspace (empty for none), written down."""
        code = self.record.workspace.at(archive).url if archive else ""
        origin = self.settings.code_configuration.code or ""
        launch = replace(self.launch, code=code, code_origin=origin)
        return replace(self, launch=launch, identity=identity)

    def with_python(self, python: str) -> JobPlan:
        """The same, with the interpreter of its scorer processes; empty for the instances' own."""
        return replace(self, launch=replace(self.launch, python=python))

    def with_model(self, model: ChosenModel | None) -> JobPlan:
        """The same, with its model."""
        if model is None:
            return self
        launch = replace(self.launch, model=model.source)
        return replace(self, launch=launch, model_options=model.options)

    @property
    def options(self) -> Options:
        """What opens all of its stores; secrets are resolved."""
        stores = (self.record.workspace, self.target.store, self.listing.store)
        found = {**self.settings.storage_options, **self.model_options}
        for store in stores:
            found |= store.options
        return found

    @property
    def sent_options(self) -> Sealed:
        """The same as instances get it: each resolves what it can by itself."""
        sealed = seal(self.options, self.document.get("storage_options"), os.environ)
        return sealed if self.sends_values else sealed.without_values()

    @property
    def output(self) -> str | None:
        """Where the output goes, as people write it; `None` where rows are only counted."""
        return self.target.url if self.keeps_rows else None

    @property
    def keeps_rows(self) -> bool:
        """Whether rows are kept, or counted only."""
        return self.settings.output_action == OutputAction.APPEND_ROW
