"""Starting jobs: from settings to a running job, new or resumed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from framework.domain.states import JobStatus
from framework.errors import UsageError
from framework.jobs import preflight
from framework.jobs.chosen_model import choose_model, registered, same_again
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
from framework.storage import NO_OPTIONS, Options, Store, open_store
from framework.storage.inputs import InputListing

_LOOK_AHEAD = 10_000
_FIXED = (
    "input",
    "mini_batch_size",
    "mini_batch_bytes",
    "input_include",
    "input_exclude",
    "model",
    "scorer",
    "code_configuration",
    "output_action",
)


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
    plan = _plan(record, settings, {**document, "name": name}, plugins, listing)
    preflight.check_input(listing, _LOOK_AHEAD)
    return PreparedJob(
        plan=plan, code=_snapshot(settings), model=choose_model(settings, record.workspace)
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
    return _drive(plan.with_model(model).with_code(code, identity), observer)


def resume(
    workspace: Store,
    name: str,
    restore: Callable[[Mapping[str, Any]], tuple[Settings, Mapping[str, Any]]],
    plugins: Plugins,
    observer: Observer,
    options: Options = NO_OPTIONS,
) -> Job:
    """Continues a job that has not Completed; what the ledger holds is not scored again.

    Args:
        workspace: Where the job is.
        name: The job's name.
        restore: Makes settings of the stored document, with what shall be different by now; and a
            new document, which has no secrets.
        plugins: What is registered.
        observer: Who is told how it goes.
        options: How to open what lies outside of the workspace, beyond what the record says.

    Raises:
        NotFoundError: There is no such job.
        UsageError: It is running, or can't go on as it began.
        OutputExistsError: Something else stands under the output's name.
    """
    record = open_record(workspace, name, options)
    identity = record.identity()
    job = Job(record)
    if job.status == JobStatus.COMPLETED:
        job.check_output()
        return job
    if not job.status.is_resumable:
        raise UsageError(
            f"job {name} is {job.status}, and another process runs it: `job stream {name}` follows "
            f"it, `job cancel {name}` stops it"
        )
    restored, document = restore(identity["document"])
    settings = replace(restored, workspace=workspace.url, name=name)
    record = replace(record, options={**settings.storage_options, **options})
    _check_same_plan(identity["document"], document)
    listing = preflight.open_listing(settings)
    is_same = document["environment"] == identity["document"]["environment"]
    plan = _plan(
        record,
        settings,
        identity["document"],
        plugins,
        listing,
        is_resumed=True,
        environment=identity.get("environment") if is_same else None,
    )
    _check_unchanged(identity, plan)
    model = same_again(identity["model"], settings, record)
    return _drive(plan.with_model(model).with_code(identity["code"], identity), observer)


def _plan(
    record: JobRecord,
    settings: Settings,
    document: Mapping[str, Any],
    plugins: Plugins,
    listing: InputListing,
    *,
    is_resumed: bool = False,
    environment: Mapping[str, Any] | None = None,
) -> JobPlan:
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
        launch=replace(launch, threads=threads, environment_variables=variables),
        listing=listing,
        identity={},
        environment=planned,
    )


def _drive(plan: JobPlan, observer: Observer) -> Job:
    journal = Journal.claim(plan.record, started_at=now())
    before = plan.record.read_summary(journal.epoch - 1)
    began = {"started_at": before.get("started_at")}
    places = {"output": plan.output, "output_folder": plan.target.store.url}
    summary = {**plan.identity["summary"], **began, **places}
    feed = IndexFeed(plan.record, plan.settings.index_url)
    reporter = Reporter(plan.record, journal.epoch, observer, plan.plugins, summary, feed)
    driver = Driver(plan, journal, reporter)
    job = Job(plan.record, driver)
    job.start()
    return job


def _check_same_plan(document: Mapping[str, Any], planned: Mapping[str, Any]) -> None:
    """Refuses changes under which what is scored and what is not would not fit together."""
    for key in _FIXED:
        was, is_now = document.get(key), planned.get(key)
        if json.dumps(was, sort_keys=True) != json.dumps(is_now, sort_keys=True):
            raise UsageError(
                f"{key}: a job that has begun with {was} can't go on with {is_now}; start a new one"
            )


def _check_unchanged(identity: Mapping[str, Any], plan: JobPlan) -> None:
    """Refuses to go on with another input or format than the job began with."""
    if plan.output_format.child_encoding != identity["encoding"]:
        raise UsageError(
            f"job {plan.record.name}: the output's format can't change once a job has begun"
        )
    if plan.listing.root != identity["input_root"]:
        raise UsageError(
            f"job {plan.record.name}: the input was {identity['input_root']} and is now "
            f"{plan.listing.root}"
        )


def _snapshot(settings: Settings) -> bytes:
    code, script = settings.code_configuration.code, settings.code_configuration.scoring_script
    if settings.scorer.name != preflight.SCRIPT or code is None or script is None:
        return b""
    apart = [settings.workspace, settings.output.path, settings.model.path, *settings.input]
    return take_snapshot(
        Path(code),
        leave_out=[Path(path) for path in apart if path],
        always=[os.path.normpath(script)],
    )
