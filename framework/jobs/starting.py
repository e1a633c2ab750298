"""Starting jobs: from settings to a running job."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from framework.engine.sealed import seal
from framework.errors import UsageError
from framework.jobs import preflight
from framework.jobs.changes import Changes
from framework.jobs.chosen_model import choose_model, registered
from framework.jobs.clock import now
from framework.jobs.driver import Driver
from framework.jobs.identity import fresh_name, identity_of
from framework.jobs.index.feed import IndexFeed
from framework.jobs.index.urls import checked_url
from framework.jobs.job import Job
from framework.jobs.journal import Journal
from framework.jobs.observing import Observer, Reporter
from framework.jobs.plan import JobPlan
from framework.jobs.prepared import PreparedJob
from framework.jobs.record import JobRecord, open_record
from framework.jobs.scorer_environment import choose_environment
from framework.jobs.snapshot import store_snapshot, take_snapshot
from framework.plugin.plugins import Plugins
from framework.settings import Settings
from framework.storage import open_store
from framework.storage.inputs import InputListing

_LOOK_AHEAD = 10_000


def prepare(settings: Settings, document: Mapping[str, Any], plugins: Plugins) -> PreparedJob:
    """Makes sure of everything that can be known without a cluster.

    Args:
        settings: The composed settings, secrets resolved.
        document: The same as plain values, secrets as references.
        plugins: What is registered.

    Raises:
        UsageError: Something can't be used; what and where is in its message.
        OutputExistsError: Something stands under the output's name.
    """
    name = settings.name or fresh_name(settings)
    options = settings.storage_options
    record = open_record(open_store(settings.workspace, options), name, options)
    if record.exists():
        raise UsageError(f"name: there is a job {name} already; see `job show {name}`")
    listing = preflight.open_listing(settings)
    plan = make_plan(record, settings, {**document, "name": name}, plugins, listing)
    preflight.check_input(listing, _LOOK_AHEAD)
    return PreparedJob(
        plan=plan, code=snapshot_of(settings), model=choose_model(settings, record.workspace)
    )


def start(prepared: PreparedJob, observer: Observer) -> Job:
    """Writes the job down, and runs it in a thread of this process.

    Raises:
        UsageError: There is a job with this name by now.
    """
    plan = prepared.plan
    preflight.check_writable(plan.record.workspace, "workspace")
    if plan.keeps_rows:
        preflight.check_writable(plan.target.store, "output.path")
    code = store_snapshot(plan.record.workspace, prepared.code) if prepared.code else ""
    model = (
        registered(prepared.model, plan.settings, plan.record.workspace) if prepared.model else None
    )
    identity = identity_of(plan, code, model)
    try:
        plan.record.create(identity)
    except FileExistsError:
        raise UsageError(f"name: there is a job {plan.record.name} already") from None
    return drive(plan.with_model(model).with_code(code, identity), observer)


def make_plan(
    record: JobRecord,
    settings: Settings,
    document: Mapping[str, Any],
    plugins: Plugins,
    listing: InputListing,
    *,
    is_resumed: bool = False,
    environment: Mapping[str, Any] | None = None,
) -> JobPlan:
    """What a driver works with, but for the model and the code's snapshot.

    Args:
        record: The job's.
        settings: Its composed settings.
        document: The same as plain values.
        plugins: What is registered.
        listing: The input.
        is_resumed: Whether the output may be there, as the job's own, and the code's snapshot is.
        environment: What the scorer's environment was made of when the job began.

    Raises:
        UsageError: Something can't be used.
    """
    if settings.index_url is not None:
        checked_url(settings.index_url)
    output_format = preflight.make_format(settings, plugins)
    compute = preflight.make_compute(settings, plugins)
    launch = preflight.make_launch(settings, plugins, output_format, has_snapshot=is_resumed)
    planned = choose_environment(settings, preflight.find_scorer(settings, plugins), environment)
    variables = {**dict(planned.spec.variables if planned else ()), **launch.environment_variables}
    threads = compute.threads(
        settings.resources.instance_count, settings.max_concurrency_per_instance
    )
    return JobPlan(
        record=record,
        settings=settings,
        document=document,
        plugins=plugins,
        compute=compute,
        output_format=output_format,
        target=preflight.make_target(settings, record, may_exist=is_resumed),
        launch=replace(
            launch,
            threads=threads,
            params=seal(launch.params, (document.get("scorer") or {}).get("params"), os.environ),
            environment_variables=seal(
                variables, document.get("environment_variables"), os.environ
            ),
        ),
        listing=listing,
        identity={},
        environment=planned,
    )


def drive(plan: JobPlan, observer: Observer, changes: Changes | None = None) -> Job:
    """Takes the job over, and runs it in a thread of this process.

    Raises:
        SupersededError: Another process took it over at the same moment.
    """
    journal = Journal.claim(plan.record, started_at=now())
    if changes is not None and changes.accepted:
        plan.record.accept(journal.epoch, changes.accepted)
    before = plan.record.read_summary(journal.epoch - 1)
    began = {"started_at": before.get("started_at")}
    places = {"output": plan.output, "output_folder": plan.target.store.url}
    summary = {**plan.identity["summary"], **began, **places}
    feed = IndexFeed(plan.record, plan.settings.index_url)
    reporter = Reporter(plan.record, journal.epoch, observer, plan.plugins, summary, feed)
    driver = Driver(plan, journal, reporter, changes or Changes())
    job = Job(plan.record, driver)
    job.start()
    return job


def snapshot_of(settings: Settings) -> bytes:
    """The code folder as an archive; empty where no script of the user's is run.

    Raises:
        UsageError: It is too large, or can't be read.
    """
    code, script = settings.code_configuration.code, settings.code_configuration.scoring_script
    if settings.scorer.name != preflight.SCRIPT or code is None or script is None:
        return b""
    apart = [settings.workspace, settings.output.path, settings.model.path, *settings.input]
    return take_snapshot(
        Path(code),
        leave_out=[Path(path) for path in apart if path],
        always=[os.path.normpath(script)],
    )
